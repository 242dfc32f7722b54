"""The update rules of PyTorch 2, for one number in plain Python, written from its documentation's algorithms."""

import math


def sgd(w, gradients, lr, momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0):
    buffer = None
    for g in gradients:
        g += weight_decay * w
        if momentum:
            buffer = g if buffer is None else momentum * buffer + (1 - dampening) * g
            g = g + momentum * buffer if nesterov else buffer
        w -= lr * g
    return w


def adam(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, decoupled=False):
    m = v = largest = 0.0
    for t, g in enumerate(gradients, 1):
        if decoupled:
            w -= lr * weight_decay * w
        else:
            g += weight_decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        largest = max(largest, v)
        root = math.sqrt((largest if amsgrad else v) / (1 - betas[1] ** t))
        w -= lr * m / (1 - betas[0] ** t) / (root + eps)
    return w


def adamw(w, gradients, lr, **options):
    return adam(w, gradients, lr, **{"weight_decay": 0.01, **options}, decoupled=True)


def nadam(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3):
    m = v = 0.0
    product = 1.0
    for t, g in enumerate(gradients, 1):
        g += weight_decay * w
        mu = betas[0] * (1 - 0.5 * 0.96 ** (t * momentum_decay))
        following = betas[0] * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
        product *= mu
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        m_hat = following * m / (1 - product * following) + (1 - mu) * g / (1 - product)
        w -= lr * m_hat / (math.sqrt(v / (1 - betas[1] ** t)) + eps)
    return w


def radam(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    m = v = 0.0
    limit = 2 / (1 - betas[1]) - 1
    for t, g in enumerate(gradients, 1):
        g += weight_decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        m_hat = m / (1 - betas[0] ** t)
        rho = limit - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
        if rho > 5:
            length = math.sqrt(1 - betas[1] ** t) / (math.sqrt(v) + eps)
            r = math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
            w -= lr * m_hat * r * length
        else:
            w -= lr * m_hat
    return w


def rmsprop(w, gradients, lr, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    v = mean = buffer = 0.0
    for g in gradients:
        g += weight_decay * w
        v = alpha * v + (1 - alpha) * g**2
        spread = v
        if centered:
            mean = alpha * mean + (1 - alpha) * g
            spread = v - mean**2
        buffer = momentum * buffer + g / (math.sqrt(spread) + eps)
        w -= lr * buffer
    return w


def adagrad(w, gradients, lr, rate_decay=0.0, weight_decay=0.0, first_sum=0.0, eps=1e-10):
    total = first_sum
    for t, g in enumerate(gradients, 1):
        g += weight_decay * w
        total += g**2
        w -= lr / (1 + (t - 1) * rate_decay) * g / (math.sqrt(total) + eps)
    return w


def adadelta(w, gradients, lr, rho=0.9, eps=1e-6, weight_decay=0.0):
    v = u = 0.0
    for g in gradients:
        g += weight_decay * w
        v = v * rho + g**2 * (1 - rho)
        change = math.sqrt(u + eps) / math.sqrt(v + eps) * g
        u = u * rho + change**2 * (1 - rho)
        w -= lr * change
    return w


def lion(w, gradients, lr, betas=(0.9, 0.99), weight_decay=0.0):
    """Chen et al. 2023, algorithm 2."""
    m = 0.0
    for g in gradients:
        c = betas[0] * m + (1 - betas[0]) * g
        w -= lr * ((c > 0) - (c < 0) + weight_decay * w)
        m = betas[1] * m + (1 - betas[1]) * g
    return w
