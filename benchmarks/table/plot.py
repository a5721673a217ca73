# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Line plots as SVG, drawn without anything but Python."""
import math
from html import escape

COLOURS = ["#1f6feb", "#d1570a", "#1a7f37", "#8250df", "#b08800", "#cf222e"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 70, 20, 46, 84


def number(value):
    for limit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{name}"
    return f"{value:.3g}"


class Axis:
    """Maps values to places, by logarithm or straight, with ticks at round values."""

    def __init__(self, values, low, high, logarithmic):
        self.logarithmic = logarithmic
        first, last = min(values), max(values)
        if logarithmic:
            self.first = math.log10(first) - 0.05
            self.last = math.log10(last) + 0.05
            decades = range(math.floor(self.first), math.ceil(self.last) + 1)
            steps = (1, 2, 5) if self.last - self.first < 2.5 else (1,)
            self.ticks = [10.0**d * s for d in decades for s in steps if self.first <= math.log10(10.0**d * s) <= self.last]
        else:
            self.first, self.last = 0, last * 1.05
            step = 10 ** math.floor(math.log10(self.last / 4))
            step *= next(factor for factor in (1, 2, 5, 10) if self.last / (step * factor) <= 6)
            self.ticks = [step * i for i in range(int(self.last / step) + 1)]
        self.low, self.high = low, high

    def place(self, value):
        value = math.log10(value) if self.logarithmic else value
        return self.low + (value - self.first) / (self.last - self.first) * (self.high - self.low)


def lines(title, x_name, y_name, series, log_x=True, log_y=True, x_ticks=None):
    """A plot of series, each a name and points; `x_ticks` are (value, label) where the values have names of their own."""
    points = [point for _, line in series for point in line]
    x = Axis([p[0] for p in points], LEFT, WIDTH - RIGHT, log_x)
    y = Axis([p[1] for p in points], HEIGHT - BOTTOM, TOP, log_y)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" font-weight="bold" fill="#24292f">{escape(title)}</text>',
    ]
    for value, label in x_ticks or [(tick, number(tick)) for tick in x.ticks]:
        at = x.place(value)
        out.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#eaeef2"/>')
        out.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="#57606a">{escape(label)}</text>')
    for tick in y.ticks:
        at = y.place(tick)
        out.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#eaeef2"/>')
        out.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#57606a">{number(tick)}</text>')
    out.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - BOTTOM + 36}" text-anchor="middle" fill="#24292f">{escape(x_name)}</text>')
    out.append(f'<text x="{LEFT}" y="38" fill="#24292f">{escape(y_name)}</text>')
    legend = LEFT
    for index, (name, line) in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{x.place(a):.1f},{y.place(b):.1f}" for a, b in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(line) <= 12:
            for a, b in line:
                out.append(f'<circle cx="{x.place(a):.1f}" cy="{y.place(b):.1f}" r="3" fill="{colour}"/>')
        row = HEIGHT - 30 if index < 3 else HEIGHT - 12
        if index == 3:
            legend = LEFT
        out.append(f'<line x1="{legend}" y1="{row - 4}" x2="{legend + 18}" y2="{row - 4}" stroke="{colour}" stroke-width="3"/>')
        out.append(f'<text x="{legend + 24}" y="{row}" fill="#24292f">{escape(name)}</text>')
        legend += 40 + 6.6 * len(name)
    out.append("</svg>")
    return "\n".join(out) + "\n"
