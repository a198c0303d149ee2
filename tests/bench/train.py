#!/usr/bin/env python3
"""One training step of ctrace beside its matrix products alone and beside PyTorch: the same shapes and threads.

    train.py TRAIN_STEP RECIPE [THREADS]

Skips (status 77) without PyTorch; status 1 when a step is slower than PyTorch's or below 60 % of its products' speed.
"""
import json
import os
import subprocess
import sys
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    print("skipped: PyTorch is not installed")
    sys.exit(77)

LEAST = 0.6


def fastest(step, seconds=4.0):
    """Seconds of the fastest step."""
    step()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - start)
    return best


class Block(torch.nn.Module):
    def __init__(self, m):
        super().__init__()
        d, self.heads = m["D"], m["H"]
        self.norm1, self.norm2 = torch.nn.RMSNorm(d), torch.nn.RMSNorm(d)
        self.qkv, self.o = torch.nn.Linear(d, 3 * d, bias=False), torch.nn.Linear(d, d, bias=False)
        self.gate_up = torch.nn.Linear(d, 2 * m["mlp"], bias=False)
        self.down = torch.nn.Linear(m["mlp"], d, bias=False)

    def forward(self, x, cos, sin):
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)

        def turn(y):
            a, b = y.chunk(2, -1)
            return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

        y = F.scaled_dot_product_attention(turn(q), turn(k), v, is_causal=True)
        x = x + self.o(y.transpose(1, 2).reshape(n, t, d))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


def model_step(m):
    """AdamW on m["batch"] sentences. All have the mean length: nothing is padded."""
    t, half = round(m["length"]), m["D"] // m["H"] // 2
    embed = torch.randn(m["V"], m["D"])
    net = torch.nn.Sequential(*[Block(m) for _ in range(m["L"])])
    norm, unembed = torch.nn.RMSNorm(m["D"]), torch.nn.Linear(m["D"], m["V"], bias=False)
    params = [*net.parameters(), *norm.parameters(), *unembed.parameters()]
    adam = torch.optim.AdamW(params, lr=3e-3, weight_decay=0.3, fused=True)
    angle = torch.arange(t)[:, None] * 10000.0 ** (-torch.arange(half) / half)
    cos, sin = angle.cos(), angle.sin()
    ids = torch.randint(0, m["V"], (m["batch"], t + 1))

    def step():
        x = embed[ids[:, :-1]]
        for block in net:
            x = block(x, cos, sin)
        loss = F.cross_entropy(unembed(norm(x)).flatten(0, 1), ids[:, 1:].flatten())
        adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        adam.step()

    return fastest(step) * m["length"] / t


def coder_step(c):
    """Adam on a cross-layer transcoder: JumpReLU with a straight-through gradient, tanh price."""
    layers, d, f, b = c["L"], c["D"], c["F"], c["batch"]
    enc = [torch.nn.Parameter((torch.rand(f, d) * 2 - 1) / f**0.5) for _ in range(layers)]
    bias = [torch.nn.Parameter(torch.zeros(f)) for _ in range(layers)]
    theta = [torch.nn.Parameter(torch.full((f,), 0.03).log()) for _ in range(layers)]
    dec = [torch.nn.Parameter((torch.rand(f, (layers - l) * d) * 2 - 1) / (layers * d) ** 0.5) for l in range(layers)]
    adam = torch.optim.Adam([*enc, *bias, *theta, *dec], lr=3e-3, fused=True)
    x, y = torch.randn(b, layers, d), torch.randn(b, layers, d)

    class Jump(torch.autograd.Function):
        @staticmethod
        def forward(ctx, h, log_theta):
            t = log_theta.exp()
            ctx.save_for_backward(h, t)
            return h * (h > t)

        @staticmethod
        def backward(ctx, g):
            h, t = ctx.saved_tensors
            near = (h - t).abs() < 0.15
            return g * (h > t), -(t * t / 0.3 * (g * near)).sum(0)

    def step():
        out, price = torch.zeros(b, layers * d), 0.0
        for l in range(layers):
            a = Jump.apply(F.linear(x[:, l], enc[l], bias[l]), theta[l])
            out[:, l * d:] += a @ dec[l]
            price = price + torch.tanh(4 * a * dec[l].norm(dim=1)).sum()
        loss = ((out.view(b, layers, d) - y) ** 2).sum() / b + 8 * price / b
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    return fastest(step)


def main():
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    ours = json.loads(subprocess.run([sys.argv[1], sys.argv[2], str(threads)], check=True,
                                     capture_output=True, text=True).stdout)
    bad = False
    print(f"{'step of the':12s} {'ctrace':>9s} {'products':>9s} {'share':>6s} {'PyTorch':>9s} {'faster':>7s}")
    for name, step in (("model", model_step), ("coder", coder_step)):
        o = ours[name]
        theirs = step(o)
        share, faster = o["products"] / o["step"], theirs / o["step"]
        bad |= share < LEAST or faster < 1
        print(f"{name:12s} {1e3 * o['step']:6.1f} ms {1e3 * o['products']:6.1f} ms {share:6.2f} "
              f"{1e3 * theirs:6.1f} ms {faster:6.2f}x")
    load = os.getloadavg()[0]
    print(f"{threads} threads, PyTorch {torch.__version__}, load {load:.1f}")
    sys.exit(1 if bad else 0)


main()
