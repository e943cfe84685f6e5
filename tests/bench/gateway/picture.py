"""The picture for the README: plain SVG, legible on light and on dark ground."""

WIDTH, LEFT, ROW, TOP = 780, 150, 30, 76
FULL = 300
"""The length of a bar of 100 %."""
MOST = 1.45
"""A bar is no longer than this ratio; the number beside it is exact."""
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .faint { fill: #59636e }
  .bar { fill: #1f6feb }
  .line { stroke: #59636e; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .faint { fill: #9198a1 }
    .bar { fill: #4493f8 }
    .line { stroke: #9198a1 }
  }
"""


def bars(rows):
    """A bar for each row of a name, a ratio, and what ours and Envoy's own filters add in microseconds."""
    height = TOP + ROW * len(rows) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        "<title>Processor time that mcp-policy adds to a call, against Envoy's own filters</title>",
        f"<style>{STYLE}</style>",
        '<text x="12" y="24" class="title">Processor time that mcp-policy adds to a call</text>',
        '<text x="12" y="46" class="faint">Envoy&#8217;s mcp + rbac + local_ratelimit, doing the same job, are 100 %; one filter a listener</text>',
        f'<line x1="{LEFT + FULL}" x2="{LEFT + FULL}" y1="{TOP - 16}" y2="{height - 10}" class="line"/>',
    ]
    for number, row in enumerate(rows):
        parts += bar(TOP + ROW * number, *row)
    return "\n".join([*parts, "</svg>", ""])


def bar(top, name, ratio, ours, native):
    end = LEFT + FULL * min(ratio, MOST)
    numbers = f"{rounded(ours)} against {rounded(native)} µs"
    return [
        f'<text x="12" y="{top + 14}">{name}</text>',
        f'<rect x="{LEFT}" y="{top}" width="{end - LEFT:.0f}" height="18" rx="2" class="bar"/>',
        f'<text x="{end + 8:.0f}" y="{top + 14}">{ratio * 100:.0f} %<tspan class="faint" dx="8">{numbers}</tspan></text>',
    ]


def rounded(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
