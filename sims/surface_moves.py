"""One step of each integrator on a surface V(x, y) of any form, for one lane.

Every function takes x, y, their memories u, v (a velocity, or the last noise), the noises a, b, the
constants c as in :mod:`.moves` and the parameters p; it returns the change of x, then y, u, v.
These are templates: ``slope_x`` and ``slope_y`` are bound by :mod:`.workshop`.
"""

HALF = 0.5


def slope_x(x, y, p):
    """∂V/∂x of no potential."""
    return 0.0


def slope_y(x, y, p):
    """∂V/∂y of no potential."""
    return 0.0


def euler(x, y, u, v, a, b, c, p):
    """Euler and Maruyama."""
    dx = c[4] * a - c[0] * slope_x(x, y, p)
    return dx, y + c[5] * b - c[0] * slope_y(x, y, p), u, v


def leimkuhler_matthews(x, y, u, v, a, b, c, p):
    """As Euler, the noise the mean of this step's and the last one's."""
    dx = HALF * c[4] * (u + a) - c[0] * slope_x(x, y, p)
    return dx, y + HALF * c[5] * (v + b) - c[0] * slope_y(x, y, p), a, b


def heun(x, y, u, v, a, b, c, p):
    """Predictor and corrector."""
    fx, fy = slope_x(x, y, p), slope_y(x, y, p)
    x1, y1 = x - c[0] * fx + c[4] * a, y - c[0] * fy + c[5] * b
    dx = c[4] * a - HALF * c[0] * (fx + slope_x(x1, y1, p))
    return dx, y + c[5] * b - HALF * c[0] * (fy + slope_y(x1, y1, p)), u, v


def heavy_ball(x, y, u, v, a, b, c, p):
    """Stochastic gradient descent with momentum; see :func:`.moves.heavy_ball`."""
    u = c[3] * u - c[0] * slope_x(x, y, p) + c[4] * a
    v = c[3] * v - c[0] * slope_y(x, y, p) + c[5] * b
    return u, y + v, u, v


def baoab(x, y, u, v, a, b, c, p):
    """Underdamped, unit mass: kick, drift, friction and noise, drift; see :func:`.moves.baoab`."""
    u, v = u - c[0] * slope_x(x, y, p), v - c[0] * slope_y(x, y, p)
    u2, v2 = c[7] * u + c[4] * a, c[7] * v + c[5] * b
    h = HALF * c[0]
    return h * (u + u2), y + h * (v + v2), u2, v2
