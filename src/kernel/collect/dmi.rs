//! What the firmware reports about the machine: `/sys/class/dmi/id`, a file for each text of its SMBIOS tables
//! (drivers/firmware/dmi-id.c, since 2.6.22). Serial numbers are for root alone. A file that is missing or may
//! not be read has no label. The texts do not change while the machine runs: they are read once.

use super::info::Rows;
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{Dir, dir};
use crate::model::metric::{Family, Sink, Unit, families, gauge};
use crate::settings::Subject;

const DIRECTORY: &str = "/sys/class/dmi/id";

/// The longest text that is shown; the rest is cut off.
const MAX_TEXT: usize = 256;

/// EACCES: the file is not for this user.
const NOT_ALLOWED: i32 = 13;

#[rustfmt::skip]
const KEYS: [&str; 20] = [
    "bios_date", "bios_release", "bios_vendor", "bios_version", "board_asset_tag", "board_name",
    "board_serial", "board_vendor", "board_version", "chassis_asset_tag", "chassis_serial",
    "chassis_vendor", "chassis_version", "product_family", "product_name", "product_serial",
    "product_sku", "product_uuid", "product_version", SYSTEM_VENDOR,
];
const SYSTEM_VENDOR: &str = "system_vendor";

static FAMILIES: &[Family; 1] = families![gauge(
    "dmi_info",
    Unit::One,
    "Always 1; the labels are texts of the firmware.",
    &KEYS
)];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "dmi",
        node_name: "dmi",
        on: true,
        help: "maker and model of the machine, from /sys/class/dmi/id",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Dmi {
        directory: Some(setup.root.dir(DIRECTORY)),
        keys: Vec::new(),
        info: Rows::default(),
    })
}

struct Dmi {
    /// `None` once its files were read.
    directory: Option<Dir>,
    /// The labels that exist.
    keys: Vec<&'static str>,
    info: Rows,
}

impl Collector for Dmi {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if let Some(mut directory) = self.directory.take() {
            if let Err(error) = directory.open() {
                self.directory = Some(directory);
                return Err(error.of_optional());
            }
            self.read(&directory, scrape.errors);
        }
        if self.keys.is_empty() {
            return Err(Error::Unsupported(DIRECTORY.into()));
        }
        let [family] = &FAMILIES;
        self.info.write(&family.keyed(&self.keys), out);
        Ok(())
    }
}

impl Dmi {
    fn read(&mut self, directory: &Dir, errors: &mut PartialErrors) {
        let mut texts = Vec::new();
        for key in KEYS {
            let file = if key == SYSTEM_VENDOR { "sys_vendor" } else { key };
            let mut text = [0; MAX_TEXT];
            match directory.read(&dir::name(&[file]), &mut text) {
                Ok(text) => {
                    self.keys.push(key);
                    texts.push(text.trim_ascii().to_vec());
                }
                Err(Error::Absent(_) | Error::Read(_, NOT_ALLOWED)) => {}
                Err(error) => errors.record(error),
            }
        }
        self.info = Rows::new(self.keys.len());
        self.info.push(&texts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn texts_are_read_once() {
        let tree = Tree::new("dmi");
        let mut dmi = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(dmi.error(), Some(Error::Unsupported(_))));
        tree.put("sys/class/dmi/id/product_name", " Model 7 \n");
        tree.put("sys/class/dmi/id/sys_vendor", "Maker\n");
        tree.put("sys/class/dmi/id/board_serial/is_a_directory", "");
        let expected =
            vec![r#"dmi_info{product_name="Model 7",system_vendor="Maker"} 1"#.to_owned()];
        assert_eq!(scrape(&mut dmi, Dialect::Node, &["dmi"]), (expected.clone(), 1));
        tree.put("sys/class/dmi/id/sys_vendor", "Another\n");
        assert_eq!(scrape(&mut dmi, Dialect::Node, &["dmi"]), (expected, 0));
    }

    #[test]
    fn a_directory_without_texts_is_no_data() {
        let tree = Tree::new("dmi-none");
        tree.put("sys/class/dmi/id/uevent", "MODALIAS=dmi:\n");
        let mut dmi = tree.open(&SPEC, Dialect::Own, &[]);
        for _ in 0..2 {
            assert!(matches!(dmi.error(), Some(Error::Unsupported(_))));
        }
    }
}
