"""Losses and their helpers: hinges, contrasts, ranks, mixtures, regularisers, schedules, sanity checks."""

import numpy as np

from . import weights

T, B, I, H, V = 4, 3, 3, 6, 5
rng = np.random.default_rng(8)
X = rng.normal(size=(B, T, I))
LABELS = rng.integers(0, V, size=B)
LENGTHS = np.array([4, 2, 3])
EPS = np.finfo(float).eps


def encode(p, xs=X):
    h = np.zeros((len(xs), H))
    every = []
    for t in range(xs.shape[1]):
        h = np.tanh(xs[:, t] @ p["W"] + h @ p["U"])
        every.append(h)
    return np.swapaxes(np.array(every), 0, 1)


@weights(W=(I, H), U=(H, H), V=(H, V))
def last_valid_state(p):
    """Ragged lengths: the state of each sequence's own last step, by take_along_axis."""
    hs = encode(p)
    last = np.take_along_axis(hs, (LENGTHS - 1)[:, None, None], axis=1).squeeze(1)
    logits = last @ p["V"]
    logits -= logits.max(1)[:, None]
    logp = logits - np.log(np.exp(logits).sum(1))[:, None]
    onehot = np.eye(V)[LABELS]
    smooth = onehot * 0.9 + 0.1 / V
    return -(smooth * logp).sum(1).mean(0)


@weights(W=(I, H), U=(H, H), V=(H, V))
def padded_mean_and_focal(p):
    hs = encode(p)
    mask = (np.arange(T)[None, :] < LENGTHS[:, None]).astype(float)
    pooled = np.sum(hs * mask[..., None], axis=1) / mask.sum(axis=1, keepdims=True)
    z = pooled @ p["V"]
    probs = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    probs = np.clip(probs, EPS, 1 - EPS)
    pt = probs[np.arange(B), LABELS]
    return np.mean(-((1 - pt) ** 2) * np.log(pt))


@weights(W=(I, H), U=(H, H))
def triplet_and_cosine(p):
    a, b, c = encode(p)[:, -1]
    d = lambda x, y: np.sqrt(np.sum((x - y) ** 2) + 1e-8)
    cos = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    return np.maximum(0, d(a, b) - d(a, c) + 2.0) + (1 - cos)


@weights(W=(I, H), U=(H, H), temperature=())
def contrastive(p):
    z = encode(p)
    q, k = z[:, 0], z[:, -1]
    q = q / np.linalg.norm(q, axis=1, keepdims=True)
    k = k / np.sqrt(np.einsum("bh,bh->b", k, k))[:, np.newaxis]
    sim = np.matmul(q, k.T) / np.exp(p["temperature"])
    sim = sim - np.diag(np.full(B, 0.1))
    lse = np.log(np.sum(np.exp(sim), axis=-1))
    return np.mean(lse - np.diag(sim)) + np.mean(sim[~np.eye(B, dtype=bool)] ** 2)


@weights(W=(I, H), U=(H, H), w=H)
def huber_quantile_and_hinge(p):
    y = encode(p) @ p["w"]
    target = np.sin(np.arange(B * T)).reshape(B, T)
    r = y - target
    huber = np.where(np.abs(r) <= 0.5, 0.5 * r**2, 0.5 * (np.abs(r) - 0.25))
    quantile = np.maximum(0.9 * r, -0.1 * r)
    margin = 1 - np.sign(target) * y
    margin[margin < 0] = 0
    return huber.sum() / r.size + quantile.mean() + np.dot(margin.flatten(), margin.flatten())


@weights(W=(I, H), U=(H, H), heads=(H, 9))
def mixture_density(p):
    out = encode(p).reshape(-1, H) @ p["heads"]
    pi, mu, log_sigma = out[:, :3], out[:, 3:6], out[:, 6:]
    pi = np.exp(pi) / np.exp(pi).sum(1, keepdims=True)
    sigma = np.exp(log_sigma)
    y = X[..., 0].reshape(-1, 1)
    density = pi * np.exp(-((y - mu) ** 2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
    return -np.log(density.sum(axis=1) + 1e-10).mean()


@weights(W=(I, H), U=(H, H), mu=(H, 2), logvar=(H, 2))
def variational(p):
    eps = np.random.default_rng(0).standard_normal((B, 2))
    h = encode(p)[:, -1]
    mu, logvar = h @ p["mu"], h @ p["logvar"]
    z = mu + np.exp(logvar / 2) * eps
    kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar), axis=1)
    rec = np.sum(np.logaddexp(0, z) - z * (X[:, -1, :2] > 0), axis=1)
    return np.average(rec + kl, weights=[1, 2, 1])


@weights(W=(I, H), U=(H, H), V=(H, 1))
def binary_cross_entropy_with_safe_logs(p):
    yhat = 1 / (1 + np.exp(-(encode(p) @ p["V"]).squeeze()))
    y = (X.sum(-1) > 0).astype(np.float64)
    log_p = np.log(yhat, out=np.full_like(yhat, -50.0), where=yhat > 0)
    log_q = np.zeros_like(yhat)
    np.log(1 - yhat, out=log_q, where=(1 - yhat) > 0)
    ratio = np.divide(y, yhat, out=np.zeros_like(yhat), where=y != 0)
    return -np.mean(y * log_p + (1 - y) * log_q) + 1e-3 * ratio.sum()


@weights(W=(I, H), U=(H, H))
def spread_of_states(p):
    """Statistics of the states: quantiles, correlations, ranges, z-scores."""
    hs = encode(p).reshape(-1, H)
    z = (hs - hs.mean(0)) / (hs.std(0, ddof=1) + 1e-9)
    corr = (z.T @ z) / (len(z) - 1)
    off = corr[np.triu_indices(H, k=1)]
    span = np.ptp(hs, axis=0).sum() + np.quantile(hs, 0.5, axis=0).sum()
    cov = np.cov(hs, rowvar=False)
    return np.sum(off**2) + span + np.trace(cov) + np.linalg.slogdet(cov + np.eye(H))[1]


@weights(W=(I, H), U=(H, H), b=H)
def dropout_zoneout_and_noise(p):
    np.random.seed(0)
    keep = 0.8
    h, penalty = np.zeros((B, H)), 0.0
    for t in range(T):
        new = np.tanh(X[:, t] @ p["W"] + h @ p["U"] + p["b"] + 0.01 * np.random.randn(B, H))
        drop = (np.random.rand(*new.shape) < keep) / keep
        new *= drop
        zone = np.random.binomial(1, 0.3, size=new.shape).astype(bool)
        new[zone] = h[zone]
        penalty += np.mean((np.linalg.norm(new, axis=1) - np.linalg.norm(h, axis=1)) ** 2)
        h = new
    return penalty / T + np.nan_to_num(h).mean()


@weights(W=(I, H), U=(H, H), b=H)
def apply_along_and_vectorized(p):
    """A softmax by np.apply_along_axis, ranks by argsort, the best rows by argpartition."""
    h = np.zeros((B, H))
    for t in range(T):
        h = np.apply_along_axis(lambda r: np.exp(r) / np.exp(r).sum(), 1, X[:, t] @ p["W"] + h @ p["U"] + p["b"])
    ranks = np.argsort(np.argsort(h, axis=1), axis=1)
    top = np.argpartition(-h.sum(0), 2)[:2]
    entropy = -np.sum(h * np.log(h), axis=1)
    return np.sum(ranks * h) / H + entropy.max() - np.sum(np.sort(h, axis=1)[:, ::-1][:, :2]) + h[:, top].sum()


@weights(W=(I, H), U=(H, H), V=(H, V))
def gumbel_and_straight_accuracy(p):
    u = np.random.RandomState(0).uniform(size=(B, V))
    logits = encode(p)[:, -1] @ p["V"] - np.log(-np.log(u + 1e-12))
    soft = np.exp(logits / 0.5)
    soft = soft / np.sum(soft, -1)[:, None]
    hard = np.zeros_like(soft)
    hard[np.arange(B), soft.argmax(-1)] = 1.0
    accuracy = np.mean(soft.argmax(axis=-1) == LABELS)
    print("accuracy", accuracy, "entropy", -(soft * np.log(soft)).sum())
    ce = [-np.log(soft[i, j]) for i, j in enumerate(LABELS)]
    return np.mean(ce) + 0.1 * (hard * soft).sum() + 0 * accuracy
