//! Durations and amounts as people read them.

use std::time::Duration;

/// `0.3 s`, `12 s`, `3 min 5 s`, `2 h 5 min`, `3 d 4 h`
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |big: u64, unit: &str, small: u64, smaller: &str| match small {
        0 => format!("{big} {unit}"),
        _ => format!("{big} {unit} {small} {smaller}"),
    };
    match seconds {
        0..10 => {
            let tenths = duration.as_millis().div_ceil(100);
            match tenths % 10 {
                0 => format!("{} s", tenths / 10),
                part => format!("{}.{part} s", tenths / 10),
            }
        }
        10..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

/// `512 KiB`, `23.4 MiB`, `1.5 GiB`
pub(super) fn memory(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB")];
    match units.into_iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", bytes as f64 / size as f64),
        None => format!("{} KiB", bytes >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_precision_that_people_use() {
        let shown = |millis| duration(Duration::from_millis(millis));
        assert_eq!(
            [0, 1, 100, 1000, 9950, 12_900, 60_000, 185_000, 7_500_000, 273_600_000].map(shown),
            [
                "0 s",
                "0.1 s",
                "0.1 s",
                "1 s",
                "10 s",
                "12 s",
                "1 min",
                "3 min 5 s",
                "2 h 5 min",
                "3 d 4 h"
            ]
        );
        assert_eq!(
            [0, 524_288, 24_536_678, 1_610_612_736].map(memory),
            ["0 KiB", "512 KiB", "23.4 MiB", "1.5 GiB"]
        );
    }
}
