//! The macros of the tables: `options!` makes the struct of a section from its rows, `rows!` only the
//! rows.

/// A row is: documentation, constant, field, the option's name if it is not that of the field, kind,
/// default, sample, and whether the option is read once for the section or for each process. An
/// exception names a function: `read` instead of [`Kind::parse`](crate::conf::kinds::Kind::parse),
/// `differs` instead of `!=`, or `differs: never`. With `added: default` a daemon that is upgraded from a
/// version without the option has the default of the type.
///
/// The macro makes the struct with a field for each row, a constant for each option, `SECTION` for the
/// documentation and the sample, and the implementation of `FromSection` for the reader and the
/// comparison. `READ_FIRST` stands beside it. Rows below `instead` replace rows of the section that
/// this one is like; they have no field.
macro_rules! options {
    (
        $(#[doc = $doc:literal])+
        $word:literal, $named:ident $(, like: $like:path)? $(, open: $open:literal)?;

        $(#[doc = $about:literal])+
        struct $settings:ident {
            $($(#[doc = $extra_doc:literal])+ $extra:ident: $extra_type:ty,)*
        }

        $(
            $(#[doc = $line:literal])+
            $option:ident $field:ident $($name:literal)?: $kind:ty
                = $default:expr, $sample:expr, $when:ident
                $(, read: $read:path)? $(, differs: $differs:ident)? $(, added: $added:ident)?;
        )*

        $(instead {
            $(
                $(#[doc = $other_line:literal])+
                $other:ident $other_name:literal: $other_kind:ty
                    = $other_default:expr, $other_sample:expr;
            )*
        })?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $settings {
            $($(#[doc = $extra_doc])+ pub $extra: $extra_type,)*
            $(
                $(#[doc = $line])+
                $(#[serde($added)])?
                pub $field: <$kind as $crate::conf::kinds::Kind>::Value,
            )*
        }

        $(
            $(#[doc = $line])+
            pub const $option: $crate::conf::section::Opt<$kind> = $crate::conf::section::Opt::new(
                $crate::conf::section::table::options!(@name $field $($name)?),
                $default,
            );
        )*

        impl $settings {
            /// The default of each option.
            pub fn with_defaults(host: &dyn $crate::conf::host::Host) -> Self {
                Self {
                    $($extra: Default::default(),)*
                    $($field: $option.default_value(host),)*
                }
            }
        }

        impl $crate::conf::section::field::FromSection for $settings {
            const OPTIONS: &'static [&'static dyn $crate::conf::section::field::SectionOption<Self>] =
                &[$(&$crate::conf::section::field::Field::<Self, $kind> {
                    option: $option,
                    when: $crate::conf::section::field::When::$when,
                    read: $crate::conf::section::table::options!(@read $($read)?),
                    differs: $crate::conf::section::table::options!(@differs $($differs)?),
                    get: |settings| &settings.$field,
                    get_mut: |settings| &mut settings.$field,
                },)*];

            const READ_FIRST: &'static [&'static str] = READ_FIRST;

            fn with_defaults(host: &dyn $crate::conf::host::Host) -> Self {
                Self::with_defaults(host)
            }
        }

        $crate::conf::section::table::rows! {
            $(#[doc = $doc])+
            $word, $named $(, like: $like)? $(, open: $open)?;
            listed {
                $($(#[doc = $line])+ $option: $kind = $default, $sample;)*
            }
            $($(
                $(#[doc = $other_line])+
                $other $other_name: $other_kind = $other_default, $other_sample;
            )*)?
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (@read) => { None };
    (@read $function:path) => { Some($function) };
    (@differs) => { $crate::conf::section::field::Differs::IfUnequal };
    (@differs never) => { $crate::conf::section::field::Differs::Never };
    (@differs $function:ident) => { $crate::conf::section::field::Differs::If($function) };
}

/// Makes constants and `SECTION` from rows without fields. The constants of `listed` rows exist.
macro_rules! rows {
    (
        $(#[doc = $doc:literal])+
        $word:literal, $named:ident $(, like: $like:path)? $(, open: $open:literal)?;

        $(listed {
            $($(#[doc = $listed_line:literal])+ $listed:ident: $listed_kind:ty
                = $listed_default:expr, $listed_sample:expr;)*
        })?

        $(
            $(#[doc = $line:literal])+
            $option:ident $name:literal: $kind:ty = $default:expr, $sample:expr;
        )*
    ) => {
        $(
            $(#[doc = $line])+
            pub const $option: $crate::conf::section::Opt<$kind> =
                $crate::conf::section::Opt::new($name, $default);
        )*

        pub static SECTION: $crate::conf::section::Section = $crate::conf::section::Section {
            word: $word,
            named: $crate::conf::section::Named::$named,
            like: $crate::conf::section::table::rows!(@like $($like)?),
            rows: &[
                $($($crate::conf::section::Row {
                    name: $listed.name,
                    kind: <$listed_kind as $crate::conf::kinds::Kind>::NAME,
                    default: $listed_default,
                    sample: $listed_sample,
                    doc: concat!($($listed_line, "\n"),+),
                    hint: <$listed_kind as $crate::conf::kinds::Kind>::HINT,
                    words: <$listed_kind as $crate::conf::kinds::Kind>::words,
                },)*)?
                $($crate::conf::section::Row {
                    name: $option.name,
                    kind: <$kind as $crate::conf::kinds::Kind>::NAME,
                    default: $default,
                    sample: $sample,
                    doc: concat!($($line, "\n"),+),
                    hint: <$kind as $crate::conf::kinds::Kind>::HINT,
                    words: <$kind as $crate::conf::kinds::Kind>::words,
                },)*
            ],
            open: $crate::conf::section::table::rows!(@open $($open)?),
            doc: concat!($($doc, "\n"),+),
        };
    };
    (@like) => { None };
    (@like $like:path) => { Some(&$like) };
    (@open) => { false };
    (@open $open:literal) => { $open };
}

pub(in crate::conf) use {options, rows};
