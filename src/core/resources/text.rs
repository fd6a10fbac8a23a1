//! Figures as people read them.

/// `3.4 MB`, `512 MB`, `1.5 GB`
pub fn memory(bytes: u64) -> String {
    let megabytes = bytes as f64 / f64::from(1 << 20);
    match megabytes {
        few if few < 99.95 => format!("{few:.1} MB"),
        some if some < 1023.5 => format!("{some:.0} MB"),
        many => format!("{:.1} GB", many / 1024.0),
    }
}

/// `0.3 %`, `150 %`; 100 is one processor.
pub fn cpu(percent: f64) -> String {
    if percent < 99.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_matter() {
        let sizes = [0, 1 << 20, 99_900 << 10, 104_857_600, 1 << 30, 5 << 40].map(memory);
        assert_eq!(sizes, ["0.0 MB", "1.0 MB", "97.6 MB", "100 MB", "1.0 GB", "5120.0 GB"]);
        assert_eq!([0.04, 99.94, 99.96, 3200.0].map(cpu), ["0.0 %", "99.9 %", "100 %", "3200 %"]);
    }
}
