import torch


def sample_without_gradient(mean, log_var, noise):
    with torch.no_grad():
        return mean + torch.exp(0.5 * log_var) * noise


def sample_with_cut_sigma(mean, log_var, noise):
    sigma = torch.exp(0.5 * log_var).detach()
    return mean + sigma * noise


def score_by_density(values, z, mean, log_var):
    variance = torch.exp(log_var)
    return (values * ((z - mean) ** 2 / variance - 1) / 2 / variance).mean()


WRONG_ANSWERS = {
    "04-sample": {
        "no gradient reaches": sample_without_gradient,
        "does not reach log_var": sample_with_cut_sigma,
        "does not reach the mean": lambda m, v, e: m.detach() + torch.exp(v / 2) * e,
        "σ² for σ": lambda m, v, e: m + torch.exp(v) * e,
        "as if it were σ": lambda m, v, e: m + v * e,
        "forgot the mean": lambda m, v, e: torch.exp(v / 2) * e,
        "forgot the noise": lambda m, v, e: m,
        "forgot the factor σ": lambda m, v, e: m + e,
        "wrong sign": lambda m, v, e: m - torch.exp(v / 2) * e,
    },
    "04-score": {
        "½ is missing": lambda f, z, m, v: (f * ((z - m) ** 2 / v.exp() - 1)).mean(),
        "-½ is missing": lambda f, z, m, v: (f * 0.5 * (z - m) ** 2 / v.exp()).mean(),
        "sign": lambda f, z, m, v: (f * 0.5 * (1 - (z - m) ** 2 / v.exp())).mean(),
        "average 1/K": lambda f, z, m, v: (f * 0.5 * ((z - m) ** 2 / v.exp() - 1)).sum(),
        "did not average": lambda f, z, m, v: f * 0.5 * ((z - m) ** 2 / v.exp() - 1),
        "forgot f": lambda f, z, m, v: (0.5 * ((z - m) ** 2 / v.exp() - 1)).mean(),
        "gradient in μ": lambda f, z, m, v: (f * (z - m) / v.exp()).mean(),
        "gradient in σ:": lambda f, z, m, v: (
            f * ((z - m) ** 2 / v.exp() - 1) / torch.exp(v / 2)
        ).mean(),
        "gradient in σ²": score_by_density,
        "σ for σ²": lambda f, z, m, v: (f * 0.5 * ((z - m) ** 2 / torch.exp(0.5 * v) - 1)).mean(),
    },
    "04-variance": {
        "½ in": lambda mu, sigma: 4 * mu**2 * sigma**2 + 8 * sigma**4,
        "mean square": lambda mu, sigma: mu**2 * sigma**2 + 3 * sigma**4,
        "gradient in μ": lambda mu, sigma: 4 * sigma**2,
        "gradient in σ": lambda mu, sigma: 4 * mu**2 + 8 * sigma**2,
        "variance of ε² is missing": lambda mu, sigma: mu**2 * sigma**2,
        "2, not 1": lambda mu, sigma: mu**2 * sigma**2 + sigma**4,
        "standard deviation": lambda mu, sigma: torch.sqrt(mu**2 * sigma**2 + 2 * sigma**4),
        "σ where σ² stands": lambda mu, sigma: mu**2 * sigma + 2 * sigma**2,
    },
}
