"""Numbers with a unit, such as `50MB`."""


class SuffixMultiplier:
    def __init__(self, d, default=1):
        self.multipliers = d
        self.default = default

    def __call__(self, v):
        text = v.lower()
        for suffix, multiplier in self.multipliers.items():
            if text.endswith(suffix):
                return int(text[: -len(suffix)]) * multiplier
        return int(text) * self.default


byte_size = SuffixMultiplier({"kb": 1024, "mb": 1024**2, "gb": 1024**3})
