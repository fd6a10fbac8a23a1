//! What the server reads files with.

use crate::buildout::BuildoutEnv;
use crate::conf::host::Host;

pub struct System<'s> {
    pub host: &'s dyn Host,
    pub env: &'s dyn BuildoutEnv,
}
