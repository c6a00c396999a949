import math

WRONG_ANSWERS = {
    "07-claim": {
        "That is β": lambda d, a, b: b * d / a,
        "took the squared error for a sum": lambda d, a, b: b / a / 2,
        "wrong way round": lambda d, a, b: a / b * d / 2,
    },
    "07-repair": {
        "normaliser": lambda m, k, d, n, v: d * m / v / 2 + n * k,
        "sign of the KL": lambda m, k, d, n, v: (
            d * m / v / 2 + d / 2 * math.log(2 * math.pi * v) - n * k
        ),
        "multiply it by L": lambda m, k, d, n, v: (
            d * m / v / 2 + d / 2 * math.log(2 * math.pi * v) + k
        ),
    },
    "07-variance": {
        "variance of the means": lambda p: ((p - p.mean(0)) ** 2).mean(0),
        "noise given z": lambda p: (p - p**2).mean(0),
        "standard deviation": lambda p: (p.mean(0) - p.mean(0) ** 2).sqrt(),
    },
}
