//! PEP 440 versions, as far as conditions compare them.

use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    epoch: u64,
    release: Vec<u64>,
    /// The rank of the pre-release label (a, b, rc) and its number.
    pre: Option<(u8, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Option<String>,
}

/// Compares `left OPERATOR right`; `None` if the right side is not a version.
pub(super) fn compare(left: &str, operator: &str, right: &str) -> Option<bool> {
    if matches!(operator, "in" | "not in") {
        return None;
    }
    let right = right.trim();
    if operator == "===" {
        let is_word = !right.contains(|c: char| c.is_whitespace() || matches!(c, ';' | ')'));
        return is_word.then(|| left.to_lowercase() == right.to_lowercase());
    }
    let wild = right.strip_suffix(".*").filter(|_| matches!(operator, "==" | "!="));
    let bound = parse(wild.unwrap_or(right))?;
    let local_allowed = matches!(operator, "==" | "!=");
    if (wild.is_some() && !bound.is_release())
        || (bound.local.is_some() && !local_allowed)
        || (operator == "~=" && bound.release.len() < 2)
    {
        return None;
    }
    // An invalid version matches no range.
    let Some(version) = parse(left.trim()) else { return Some(false) };
    Some(match operator {
        "==" if wild.is_some() => version.begins(&bound, bound.release.len()),
        "!=" if wild.is_some() => !version.begins(&bound, bound.release.len()),
        "==" => version.is(&bound),
        "!=" => !version.is(&bound),
        "~=" => version.order(&bound).is_ge() && version.begins(&bound, bound.release.len() - 1),
        ">=" => version.order(&bound).is_ge(),
        "<=" => version.public().order(&bound).is_le(),
        ">" => version.is_after(&bound),
        _ => version.is_before(&bound),
    })
}

impl Version {
    fn is_release(&self) -> bool {
        self.pre.is_none() && self.post.is_none() && self.dev.is_none() && self.local.is_none()
    }

    fn public(&self) -> Self {
        Self { local: None, ..self.clone() }
    }

    fn is(&self, bound: &Self) -> bool {
        let own = if bound.local.is_some() { self.clone() } else { self.public() };
        own.order(bound).is_eq()
    }

    fn number(&self, at: usize) -> u64 {
        self.release.get(at).copied().unwrap_or(0)
    }

    fn begins(&self, bound: &Self, count: usize) -> bool {
        self.epoch == bound.epoch && (0..count).all(|at| self.number(at) == bound.number(at))
    }

    fn same_release(&self, other: &Self) -> bool {
        self.begins(other, self.release.len().max(other.release.len()))
    }

    /// A post release or local build of the bound is not later.
    fn is_after(&self, bound: &Self) -> bool {
        let of_bound = self.same_release(bound);
        let post = self.post.is_some() && bound.post.is_none() && of_bound && self.pre == bound.pre;
        let local = self.local.is_some() && self.public().order(bound).is_eq();
        self.order(bound).is_gt() && !post && !local
    }

    /// A pre-release of the bound is not earlier, unless the bound is a pre-release.
    fn is_before(&self, bound: &Self) -> bool {
        let early = |version: &Self| version.pre.is_some() || version.dev.is_some();
        let own_early = early(self) && !early(bound) && self.same_release(bound);
        self.order(bound).is_lt() && !own_early
    }

    fn order(&self, other: &Self) -> Ordering {
        let length = self.release.len().max(other.release.len());
        let release = |version: &Self| (0..length).map(|at| version.number(at)).collect::<Vec<_>>();
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| release(self).cmp(&release(other)))
            .then_with(|| self.stage().cmp(&other.stage()))
            .then_with(|| self.local.cmp(&other.local))
    }

    /// dev < a < b < rc < final < post; a dev release precedes the version it leads to.
    fn stage(&self) -> (u8, u64, Option<u64>, u64) {
        let (rank, number) = match (self.pre, self.post, self.dev) {
            (Some((letter, number)), ..) => (1 + letter, number),
            (None, None, Some(_)) => (0, 0),
            _ => (9, 0),
        };
        (rank, number, self.post, self.dev.unwrap_or(u64::MAX))
    }
}

fn parse(text: &str) -> Option<Version> {
    let text = text.to_ascii_lowercase();
    let text = text.strip_prefix('v').unwrap_or(&text);
    let (text, local) = match text.split_once('+') {
        Some((text, local)) => (text, Some(local.replace(['-', '_'], "."))),
        None => (text, None),
    };
    if local.as_deref().is_some_and(|local| !is_local(local)) {
        return None;
    }
    let (epoch, text) = match text.split_once('!') {
        Some((epoch, text)) => (number(epoch)?, text),
        None => (0, text),
    };
    let mut rest = Rest(text);
    let mut release = vec![rest.digits()?];
    while let Some(after) = rest.0.strip_prefix('.') {
        if !after.starts_with(|c: char| c.is_ascii_digit()) {
            break;
        }
        rest.0 = after;
        release.push(rest.digits()?);
    }
    let pre = rest.labelled(&[
        ("alpha", 0),
        ("a", 0),
        ("beta", 1),
        ("b", 1),
        ("preview", 2),
        ("pre", 2),
        ("rc", 2),
        ("c", 2),
    ]);
    let post =
        rest.dashed().or_else(|| Some(rest.labelled(&[("post", 0), ("rev", 0), ("r", 0)])?.1));
    let dev = rest.labelled(&[("dev", 0)]).map(|(_, number)| number);
    rest.0.is_empty().then_some(Version { epoch, release, pre, post, dev, local })
}

fn is_local(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// The unparsed rest of a version.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn digits(&mut self) -> Option<u64> {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let value = number(&self.0[..end])?;
        self.0 = &self.0[end..];
        Some(value)
    }

    /// `[._-]label[._-]number`; the number may be missing.
    fn labelled(&mut self, labels: &[(&str, u8)]) -> Option<(u8, u64)> {
        let text = self.0.strip_prefix(['.', '_', '-']).unwrap_or(self.0);
        let (label, rank) = labels.iter().find(|(label, _)| text.starts_with(label))?;
        let after = &text[label.len()..];
        let numbered = after.strip_prefix(['.', '_', '-']).unwrap_or(after);
        self.0 = if numbered.starts_with(|c: char| c.is_ascii_digit()) { numbered } else { after };
        Some((*rank, self.digits().unwrap_or(0)))
    }

    /// `-1` is a post release.
    fn dashed(&mut self) -> Option<u64> {
        let after = self.0.strip_prefix('-')?;
        if !after.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.0 = after;
        self.digits()
    }
}
