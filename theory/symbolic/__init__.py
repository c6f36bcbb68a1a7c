"""The perceptron's free entropy and saddle equations, derived by a computer algebra.

No result is put in.  What is: the replica-symmetric ansatz, the split of normal fields into a
common and an own part, the eigenvectors of the matrix of overlaps, and Hubbard and Stratonovich's
identity for ±1 weights, the last two held against determinants and sums at 1 to 4 replicas.  The
rest is calculated: the derivative at n = 0; the stationarity in every overlap, with Gaussian
integrations by parts (Stein: ⟨z f(z)⟩ = ⟨f'(z)⟩); the elimination of what is conjugate; limits.

    storage    patterns have random labels, stabilities Δ ≥ κ
    teacher    labels are those of a teacher of the same kind of weights, at overlap R

The effective potential of a slow coordinate is derived beside it, from one step of an integrator
(potential.py, updates.py).

The one folder that uses SymPy; what a user types comes through the whitelist's tree (formula.py),
and no text is ever parsed by SymPy.
"""
