from entropic.cli.own_code import place_in_own_code


def _raised(function):
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError


def test_the_last_line_outside_of_libraries_is_told(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import json\ndef make():\n    return json.loads('{')\n", "utf-8")
    found: dict = {}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), found)
    assert place_in_own_code(_raised(found["make"])) == f"{path}:3, in make"


def test_an_error_of_this_house_has_no_place_of_the_users():
    import json

    error = _raised(lambda: json.loads("{"))
    error.__traceback__ = error.__traceback__.tb_next.tb_next  # without the lines of this test
    assert place_in_own_code(error) == ""
