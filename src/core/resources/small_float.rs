//! Numbers in a few bits: exact while they are small, otherwise with a constant relative error.

/// A format with so many bits of exponent and mantissa. Numbers below twice `1 << mantissa` are exact.
#[derive(Clone, Copy, Debug)]
pub(super) struct SmallFloat {
    pub(super) exponent: u32,
    pub(super) mantissa: u32,
}

impl SmallFloat {
    /// The bits of a code.
    pub(super) const fn bits(self) -> u32 {
        self.exponent + self.mantissa
    }

    /// The nearest code; the largest one for what is larger.
    pub(super) fn encode(self, number: u64) -> u64 {
        let one = 1 << self.mantissa;
        let code = if number < one {
            number
        } else {
            let shift = number.ilog2() - self.mantissa;
            let half = (1_u64 << shift) / 2;
            // A carry out of the mantissa increments the exponent, as it should.
            let rounded = number.saturating_add(half) >> shift;
            (u64::from(shift) + 1) * one + (rounded - one)
        };
        code.min((1 << self.bits()) - 1)
    }

    pub(super) fn decode(self, code: u64) -> u64 {
        let one = 1 << self.mantissa;
        match (code / one, code % one) {
            (0, number) => number,
            (exponent, fraction) => (one + fraction) << (exponent - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: SmallFloat = SmallFloat { exponent: 4, mantissa: 8 };

    #[test]
    fn small_numbers_are_exact_and_large_ones_nearly() {
        for number in (0..512).chain([600, 1000, 4095, 4096, 65_535, 65_536, 1_000_000]) {
            let again = FORMAT.decode(FORMAT.encode(number));
            let error = again.abs_diff(number);
            assert!(error * 500 <= number, "{number} became {again}");
            assert!(number >= 512 || error == 0, "{number} became {again}");
        }
    }

    #[test]
    fn what_is_too_large_is_the_largest_number() {
        let largest = FORMAT.decode(u64::MAX >> (64 - FORMAT.bits()));
        assert_eq!(FORMAT.decode(FORMAT.encode(u64::MAX)), largest);
        assert_eq!(largest, 511 << 14);
    }

    #[test]
    fn codes_are_in_the_order_of_their_numbers() {
        let codes: Vec<u64> = (0..100_000).map(|number| FORMAT.encode(number)).collect();
        assert!(codes.is_sorted());
    }
}
