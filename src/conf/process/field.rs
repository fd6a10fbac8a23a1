//! What a row of the table of process options stands for: a [`Field`] reads, compares and shows one
//! field of a process.

use super::Process;
use crate::conf::diff::OptionChange;
use crate::conf::kinds::Kind;
use crate::conf::option_reader::Read;
use crate::conf::program::ProcessReader;
use crate::conf::sections::Opt;

/// When an option is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conf) enum When {
    /// Once for the section, before the number of a process is known.
    Once,
    /// For each process: the value may contain its number.
    Each,
}

pub(in crate::conf) use When::{Each, Once};

/// An option of any kind. All of them are in `OPTIONS`.
pub(in crate::conf) trait ProcessOption: Sync {
    fn name(&self) -> &'static str;

    fn when(&self) -> When;

    /// Reads the option into its field. The field keeps its value if the option is not set, and also
    /// if it is invalid, which is reported; an error means that there can be no process.
    fn read(&self, reader: &mut ProcessReader<'_, '_>, process: &mut Process) -> Read<()>;

    /// The change of the option, if there is one for Supervisor.
    fn change(&self, old: &Process, new: &Process) -> Option<OptionChange>;
}

/// Reads an option that is an exception; the process has what was read before.
type CustomRead<K> = fn(&mut ProcessReader<'_, '_>, &Opt<K>, &Process) -> Read<<K as Kind>::Value>;

type CustomDiffers<K> = fn(&<K as Kind>::Value, &<K as Kind>::Value) -> bool;

pub(in crate::conf) struct Field<K: Kind> {
    pub(super) option: Opt<K>,
    pub(super) when: When,
    pub(super) read: Option<CustomRead<K>>,
    pub(super) differs: Option<CustomDiffers<K>>,
    pub(super) get: fn(&Process) -> &K::Value,
    pub(super) get_mut: fn(&mut Process) -> &mut K::Value,
}

impl<K: Kind> ProcessOption for Field<K> {
    fn name(&self) -> &'static str {
        self.option.name
    }

    fn when(&self) -> When {
        self.when
    }

    fn read(&self, reader: &mut ProcessReader<'_, '_>, process: &mut Process) -> Read<()> {
        let value = if let Some(read) = self.read {
            Some(read(reader, &self.option, process)?)
        } else {
            let (reader, scope) = reader.parts();
            reader.if_any(scope, &self.option)
        };
        if let Some(value) = value {
            *(self.get_mut)(process) = value;
        }
        Ok(())
    }

    fn change(&self, old: &Process, new: &Process) -> Option<OptionChange> {
        let (old, new) = ((self.get)(old), (self.get)(new));
        let differs = self.differs.map_or_else(|| old != new, |differs| differs(old, new));
        differs.then(|| OptionChange {
            option: self.option.name,
            from: K::show(old),
            to: K::show(new),
        })
    }
}

/// Makes from the rows: [`Process`], a constant for each option, `SECTION` for the documentation and
/// `OPTIONS` for the reader and the comparison.
macro_rules! process_options {
    ($(
        $(#[doc = $doc:literal])+
        $option:ident $field:ident: $kind:ty = $default:expr, $sample:expr, $when:ident
        $(, read: $read:path)? $(, differs: $differs:path)?;
    )+) => {
        /// One configured process: a program after the expansion of `numprocs`.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct Process {
            /// `process_name`, expanded.
            pub name: String,
            /// The section that defines it, such as `program:web`.
            pub program: String,
            $($(#[doc = $doc])+ pub $field: <$kind as Kind>::Value,)+
        }

        impl Process {
            /// A process of this section with the default of each option.
            pub fn with_defaults(section: &str, host: &dyn Host) -> Self {
                Self {
                    name: String::new(),
                    program: section.to_owned(),
                    $($field: $option.default_value(host),)+
                }
            }
        }

        $($(#[doc = $doc])+ pub const $option: Opt<$kind> = Opt::new(stringify!($field), $default);)+

        pub static SECTION: Section = Section {
            word: "program",
            named: Named::Own,
            like: None,
            rows: &[$(Row {
                name: $option.name,
                kind: <$kind>::NAME,
                default: $default,
                sample: $sample,
                doc: concat!($($doc, "\n"),+),
            }),+],
            open: false,
            doc: " A program, or several processes of it.\n",
        };

        pub(super) static OPTIONS: &[&dyn ProcessOption] = &[$(&Field::<$kind> {
            option: $option,
            when: $when,
            read: process_options!(@custom $($read)?),
            differs: process_options!(@custom $($differs)?),
            get: |process| &process.$field,
            get_mut: |process| &mut process.$field,
        }),+];
    };
    (@custom) => { None };
    (@custom $function:path) => { Some($function) };
}

pub(super) use process_options;
