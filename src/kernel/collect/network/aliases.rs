//! The alias of each interface (`ip link set … alias`), where it is a label: netlink's IFLA_IFALIAS,
//! otherwise `/sys/class/net/<interface>/ifalias`, without blanks around it.

use super::super::PartialErrors;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Names, Root};
use crate::model::metric::Label;

const DIRECTORY: &str = "/sys/class/net";

/// The longest alias (IFALIASZ of include/uapi/linux/if.h).
const MAX_ALIAS: usize = 256;

/// Aliases of the interfaces in the order of the table.
pub struct Aliases {
    dir: Dir,
    /// Name and alias of each.
    texts: Names,
}

impl Aliases {
    pub fn new(root: &Root) -> Aliases {
        Aliases { dir: root.dir(DIRECTORY), texts: Names::default() }
    }

    /// Begins a reading of the interfaces.
    pub fn clear(&mut self) {
        self.texts.truncate(0);
    }

    /// Adds the alias of the next interface, from netlink.
    pub fn push(&mut self, name: &[u8], alias: Option<&[u8]>) {
        let alias = alias.unwrap_or_default();
        self.texts.push(name);
        self.texts.push(alias.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii());
    }

    /// Adds the alias of the next interface from its file, if there is one.
    pub fn read(&mut self, name: &[u8], errors: &mut PartialErrors) {
        let mut room = [0; MAX_ALIAS];
        if !self.dir.is_open() {
            errors.unless_absent(self.dir.open());
        }
        let path = Joined::of(name, "ifalias");
        let alias = errors.unless_absent(self.dir.read(path.path(), &mut room));
        self.texts.push(name);
        self.texts.push(alias.unwrap_or_default().trim_ascii());
    }

    /// The alias of `name`, at the index `at` or later; `at` is set to its index.
    pub fn of(&self, name: &[u8], at: &mut usize) -> Label<'_> {
        while self.texts.get(2 * *at).is_some_and(|known| known != name) {
            *at += 1;
        }
        Label::of(self.texts.get(2 * *at + 1).unwrap_or_default())
    }
}
