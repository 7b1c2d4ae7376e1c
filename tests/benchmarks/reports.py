"""What writing a report adds to the memory that its outcomes take, for ten thousand and for ten times as many."""

from __future__ import annotations

from turns import row


def reports(_: int, __: int, many: int = 100_000) -> None:
    """Measure the peak of each surface, in bytes that were allocated."""
    from test_report_stream import SURFACES, peak

    for surface, write in SURFACES.items():
        few, short = peak(write, many // 10)
        most, long = peak(write, many)
        row(
            f"{surface} of {many} outcomes against {many // 10}",
            f"peak {most / 1e6:.1f} MB against {few / 1e6:.1f}, text {long / 1e6:.1f} MB against {short / 1e6:.1f}",
            "flat",
        )
