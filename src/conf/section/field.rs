//! What a row of a table stands for: a [`Field`] reads, compares and shows one field of the struct
//! that the rows make.

use crate::conf::diff::OptionChange;
use crate::conf::host::Host;
use crate::conf::kinds::Kind;
use crate::conf::option_reader::Read;
use crate::conf::section::Opt;
use crate::conf::section_reader::SectionReader;

/// When an option is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conf) enum When {
    /// Once for the section, before the number of a process is known.
    Once,
    /// For each process: the value may contain its number.
    Each,
}

pub(in crate::conf) use When::{Each, Once};

/// A struct whose fields are the rows of a table.
pub(in crate::conf) trait FromSection: Sized + 'static {
    /// All options, in the order of the table.
    const OPTIONS: &'static [&'static dyn SectionOption<Self>];

    /// The options that Supervisor has, in its order of reading: of several errors, this decides
    /// which is the first. Other options are read after these, in the order of the table.
    const READ_FIRST: &'static [&'static str];

    /// The default of each option.
    fn with_defaults(host: &dyn Host) -> Self;

    /// All options in the order of reading.
    fn in_order() -> Vec<&'static dyn SectionOption<Self>> {
        let place = |option: &&dyn SectionOption<Self>| {
            let place = Self::READ_FIRST.iter().position(|name| *name == option.name());
            place.unwrap_or(Self::READ_FIRST.len())
        };
        let mut options = Self::OPTIONS.to_vec();
        options.sort_by_key(place);
        options
    }
}

/// An option of any kind. All of a table are in [`FromSection::OPTIONS`].
pub(in crate::conf) trait SectionOption<S>: Sync {
    fn name(&self) -> &'static str;

    fn when(&self) -> When;

    /// Reads the option into its field. The field keeps its value if the option is not set, and also
    /// if it is invalid, which is reported; an error means that there can be no struct.
    fn read(&self, reader: &mut SectionReader<'_, '_>, settings: &mut S) -> Read<()>;

    /// The change of the option, if there is one for Supervisor.
    fn change(&self, old: &S, new: &S) -> Option<OptionChange>;

    /// The value as a file would spell it, if it is compared at all.
    fn compared(&self, settings: &S) -> Option<String>;
}

/// Reads an option that is an exception; the struct has what was read before.
type CustomRead<S, K> = fn(&mut SectionReader<'_, '_>, &Opt<K>, &S) -> Read<<K as Kind>::Value>;

/// When two values of an option differ.
pub(in crate::conf) enum Differs<K: Kind> {
    IfUnequal,
    Never,
    If(fn(&K::Value, &K::Value) -> bool),
}

pub(in crate::conf) struct Field<S, K: Kind> {
    pub(in crate::conf) option: Opt<K>,
    pub(in crate::conf) when: When,
    pub(in crate::conf) read: Option<CustomRead<S, K>>,
    pub(in crate::conf) differs: Differs<K>,
    pub(in crate::conf) get: fn(&S) -> &K::Value,
    pub(in crate::conf) get_mut: fn(&mut S) -> &mut K::Value,
}

impl<S, K: Kind> SectionOption<S> for Field<S, K> {
    fn name(&self) -> &'static str {
        self.option.name
    }

    fn when(&self) -> When {
        self.when
    }

    fn read(&self, reader: &mut SectionReader<'_, '_>, settings: &mut S) -> Read<()> {
        if self.read.is_none() && reader.keeps_default(&self.option) {
            return Ok(());
        }
        let value = if let Some(read) = self.read {
            Some(read(reader, &self.option, settings)?)
        } else {
            let (reader, scope) = reader.parts();
            reader.if_any(scope, &self.option)
        };
        if let Some(value) = value {
            *(self.get_mut)(settings) = value;
        }
        Ok(())
    }

    fn change(&self, old: &S, new: &S) -> Option<OptionChange> {
        let (old, new) = ((self.get)(old), (self.get)(new));
        let differs = match self.differs {
            Differs::IfUnequal => old != new,
            Differs::Never => false,
            Differs::If(differs) => differs(old, new),
        };
        differs.then(|| OptionChange {
            option: self.option.name,
            from: K::show(old),
            to: K::show(new),
        })
    }

    fn compared(&self, settings: &S) -> Option<String> {
        let is_compared = !matches!(self.differs, Differs::Never);
        is_compared.then(|| K::show((self.get)(settings)))
    }
}

/// The options that differ.
pub(in crate::conf) fn changes<S: FromSection>(old: &S, new: &S) -> Vec<OptionChange> {
    S::OPTIONS.iter().filter_map(|option| option.change(old, new)).collect()
}

impl SectionReader<'_, '_> {
    /// Reads these options; all of them, to find all errors.
    pub(in crate::conf) fn read_where<S: FromSection>(
        &mut self,
        settings: &mut S,
        is_wanted: impl Fn(&dyn SectionOption<S>) -> bool,
    ) -> Read<()> {
        let mut all = Ok(());
        for option in S::in_order().into_iter().filter(|option| is_wanted(*option)) {
            all = all.and(option.read(self, settings));
        }
        all
    }

    /// Reads all options of the table.
    pub(in crate::conf) fn read<S: FromSection>(&mut self) -> Read<S> {
        let mut settings = S::with_defaults(self.reader.host);
        self.read_where(&mut settings, |_| true)?;
        Ok(settings)
    }
}
