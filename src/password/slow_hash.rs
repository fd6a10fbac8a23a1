//! Password hashes that take long on purpose: Argon2id and scrypt, written as PHC strings after a
//! prefix. What a verification may cost is limited.

use std::fmt;
use std::hint::black_box;
use std::time::Duration;

use argon2::{Argon2, Block, Version};
use phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use subtle::{Choice, ConstantTimeEq};

/// The memory that a verification may need, in KiB.
const MAX_MEMORY: u64 = 64 * 1024;
/// The KiB that a verification may process.
const MAX_WORK: u64 = 192 * 1024;
/// How long a KiB takes at most on the machines that were measured.
const TIME_PER_KIB: Duration = Duration::from_nanos(1500);
/// What stays free for others.
const HEADROOM: usize = 4 * 1024 * 1024;
/// The length of the digests that are made.
const DIGEST: usize = 32;

/// What `supkit hash-password` uses.
const ARGON2ID_MEMORY: u32 = 19 * 1024;
const ARGON2ID_PASSES: u32 = 2;
const SCRYPT_LOG_N: u8 = 14;
const SCRYPT_R: u32 = 8;
const SCRYPT_P: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Argon2id,
    Scrypt,
}

impl Algorithm {
    pub const ALL: &[Self] = &[Self::Argon2id, Self::Scrypt];

    /// What stands before a hash in a configuration.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Argon2id => "{ARGON2ID}",
            Self::Scrypt => "{SCRYPT}",
        }
    }

    /// The name in a PHC string.
    fn ident(self) -> &'static str {
        match self {
            Self::Argon2id => "argon2id",
            Self::Scrypt => "scrypt",
        }
    }

    /// The algorithm that a text names with its prefix, and the rest.
    pub fn of(text: &str) -> Option<(Self, &str)> {
        Self::ALL.iter().find_map(|it| Some((*it, text.strip_prefix(it.prefix())?)))
    }
}

/// There is not enough memory for a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

/// A hash with its parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct SlowHash {
    parameters: Parameters,
    salt: Salt,
    digest: Output,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Parameters {
    Argon2id { memory: u32, passes: u32, lanes: u32 },
    Scrypt { log_n: u8, r: u32, p: u32 },
}

impl SlowHash {
    pub(super) fn parse(algorithm: Algorithm, text: &str) -> Result<Self, String> {
        let hash = PasswordHash::new(text).map_err(|error| {
            format!("what follows {} is not a hash: {error}", algorithm.prefix())
        })?;
        if hash.algorithm.as_str() != algorithm.ident() {
            let (prefix, name) = (algorithm.prefix(), algorithm.ident());
            return Err(format!("{prefix} needs a hash of {name}"));
        }
        let parameters = Parameters::parse(algorithm, &hash)?;
        parameters.check()?;
        let (Some(salt), Some(digest)) = (hash.salt, hash.hash) else {
            return Err("the hash has no salt or no digest".to_owned());
        };
        Ok(Self { parameters, salt, digest })
    }

    /// Hashes a password. The error is a sentence.
    pub fn make(algorithm: Algorithm, password: &[u8], salt: &[u8]) -> Result<Self, String> {
        let parameters = match algorithm {
            Algorithm::Argon2id => {
                Parameters::Argon2id { memory: ARGON2ID_MEMORY, passes: ARGON2ID_PASSES, lanes: 1 }
            }
            Algorithm::Scrypt => {
                Parameters::Scrypt { log_n: SCRYPT_LOG_N, r: SCRYPT_R, p: SCRYPT_P }
            }
        };
        let salt = Salt::new(salt).map_err(|error| error.to_string())?;
        let mut digest = [0; DIGEST];
        parameters
            .derive(password, &salt, &mut digest)
            .map_err(|NoMemory| "there is not enough memory".to_owned())?;
        let digest = Output::new(&digest).map_err(|error| error.to_string())?;
        Ok(Self { parameters, salt, digest })
    }

    /// Whether it is the hash of this password.
    pub fn matches(&self, password: &[u8]) -> Result<Choice, NoMemory> {
        let mut digest = vec![0; self.digest.len()];
        self.parameters.derive(password, &self.salt, &mut digest)?;
        Ok(digest.as_slice().ct_eq(self.digest.as_ref()))
    }

    /// How long a verification may take, by its parameters.
    pub fn duration(&self) -> Duration {
        TIME_PER_KIB * u32::try_from(self.parameters.work()).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for SlowHash {
    /// As a configuration has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parameters, salt, digest } = self;
        let (algorithm, version) = match parameters {
            Parameters::Argon2id { .. } => (Algorithm::Argon2id, "$v=19"),
            Parameters::Scrypt { .. } => (Algorithm::Scrypt, ""),
        };
        let (prefix, name) = (algorithm.prefix(), algorithm.ident());
        write!(f, "{prefix}${name}{version}${parameters}${salt}${digest}")
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argon2id { memory, passes, lanes } => {
                write!(f, "m={memory},t={passes},p={lanes}")
            }
            Self::Scrypt { log_n, r, p } => write!(f, "ln={log_n},r={r},p={p}"),
        }
    }
}

impl Parameters {
    fn parse(algorithm: Algorithm, hash: &PasswordHash) -> Result<Self, String> {
        let params = &hash.params;
        match algorithm {
            Algorithm::Argon2id => {
                if hash.version != Some(Version::V0x13.into()) {
                    return Err("the version of the hash is not 19".to_owned());
                }
                let [memory, passes, lanes] = numbers(params, ["m", "t", "p"])?;
                Ok(Self::Argon2id { memory, passes, lanes })
            }
            Algorithm::Scrypt => {
                let [log_n, r, p] = numbers(params, ["ln", "r", "p"])?;
                let log_n = u8::try_from(log_n).map_err(|_| bad_parameters())?;
                Ok(Self::Scrypt { log_n, r, p })
            }
        }
    }

    /// Refuses what the algorithm does not allow, and what would stop the daemon for too long.
    fn check(self) -> Result<(), String> {
        let is_allowed = match self {
            Self::Argon2id { .. } => self.argon2().is_some(),
            Self::Scrypt { log_n, r, p } => scrypt::Params::new(log_n, r, p).is_ok(),
        };
        if !is_allowed {
            return Err(bad_parameters());
        }
        if self.memory() > MAX_MEMORY {
            return Err(format!("the hash `{self}` needs more than {MAX_MEMORY} KiB"));
        }
        if self.work() > MAX_WORK {
            return Err(format!(
                "the hash `{self}` takes too long: it processes more than {MAX_WORK} KiB"
            ));
        }
        Ok(())
    }

    /// The KiB that it needs at once.
    fn memory(self) -> u64 {
        match self {
            Self::Argon2id { memory, .. } => memory.into(),
            Self::Scrypt { log_n, r, .. } => blocks(log_n, r) / 8,
        }
    }

    /// The KiB that it processes. scrypt writes its memory and then reads as much.
    fn work(self) -> u64 {
        match self {
            Self::Argon2id { memory, passes, .. } => u64::from(memory) * u64::from(passes),
            Self::Scrypt { log_n, r, p } => (blocks(log_n, r) / 4).saturating_mul(p.into()),
        }
    }

    fn argon2(self) -> Option<Argon2<'static>> {
        let Self::Argon2id { memory, passes, lanes } = self else { return None };
        let params = argon2::Params::new(memory, passes, lanes, None).ok()?;
        Some(Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params))
    }

    fn derive(self, password: &[u8], salt: &[u8], digest: &mut [u8]) -> Result<(), NoMemory> {
        match self {
            Self::Argon2id { .. } => {
                let argon2 = self.argon2().ok_or(NoMemory)?;
                let count = argon2.params().block_count();
                let mut blocks: Vec<Block> = Vec::new();
                blocks.try_reserve_exact(count).map_err(|_| NoMemory)?;
                blocks.resize(count, Block::default());
                let done =
                    argon2.hash_password_into_with_memory(password, salt, digest, &mut blocks);
                done.map_err(|_| NoMemory)
            }
            Self::Scrypt { log_n, r, p } => {
                let bytes = usize::try_from(self.memory() * 1024).map_err(|_| NoMemory)?;
                if !has_room(bytes) {
                    return Err(NoMemory);
                }
                let params = scrypt::Params::new(log_n, r, p).map_err(|_| NoMemory)?;
                scrypt::scrypt(password, salt, &params, digest).map_err(|_| NoMemory)
            }
        }
    }
}

/// Whether `bytes` can be allocated by code that cannot report that they cannot.
fn has_room(bytes: usize) -> bool {
    let mut probe: Vec<u8> = Vec::new();
    let reserved = probe.try_reserve_exact(bytes.saturating_add(HEADROOM));
    black_box(probe.as_mut_ptr());
    reserved.is_ok()
}

/// The blocks of 128 bytes of scrypt.
fn blocks(log_n: u8, r: u32) -> u64 {
    u64::from(r)
        .checked_shl(log_n.into())
        .filter(|it| it >> log_n == u64::from(r))
        .unwrap_or(u64::MAX)
}

fn bad_parameters() -> String {
    "the parameters of the hash are not those of its algorithm".to_owned()
}

/// These parameters and no others.
fn numbers<const N: usize>(params: &ParamsString, names: [&str; N]) -> Result<[u32; N], String> {
    if params.iter().count() != N {
        return Err(bad_parameters());
    }
    let mut found = [0; N];
    for (place, name) in found.iter_mut().zip(names) {
        let ident = Ident::new(name).map_err(|error| error.to_string())?;
        *place = params.get_decimal(ident).ok_or_else(bad_parameters)?;
    }
    Ok(found)
}
