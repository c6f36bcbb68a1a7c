"""Statistical mechanics of the perceptron: what random patterns leave of the weights."""
