//! Channels of a device, by the names of its files.

use super::kinds::{KINDS, Kind};
use crate::base::sys;

/// One channel.
pub struct Channel<'a> {
    /// The text between `in_` and the suffix, such as `temp`, `voltage0-voltage1`, `accel_x`.
    pub name: &'a str,
    pub kind: &'static Kind,
    pub file: String,
    /// The file has the value of the converter, which still has to be scaled.
    pub is_raw: bool,
}

/// The channels that are measured, by name. Of one that has both forms the computed value is used.
pub fn channels(files: &[String]) -> Vec<Channel<'_>> {
    let mut channels: Vec<Channel<'_>> = files.iter().filter_map(|file| channel(file)).collect();
    sys::sort(&mut channels, |a, b| (a.name, a.is_raw).cmp(&(b.name, b.is_raw)));
    channels.dedup_by_key(|channel| channel.name);
    channels
}

fn channel(file: &str) -> Option<Channel<'_>> {
    let rest = file.strip_prefix("in_")?;
    let input = rest.strip_suffix("_input");
    let name = input.or_else(|| rest.strip_suffix("_raw"))?;
    // A calibration value is not a channel.
    let kind = KINDS.iter().find(|kind| is_of(name, kind.beginning) && !name.contains("calib"))?;
    Some(Channel { name, kind, file: file.to_owned(), is_raw: input.is_none() })
}

/// Whether the channel is of the kind: its name continues with a number, another channel or a modifier.
fn is_of(name: &str, beginning: &str) -> bool {
    let rest = name.strip_prefix(beginning).map(|rest| rest.as_bytes().first());
    matches!(rest, Some(None | Some(b'0'..=b'9' | b'-' | b'_')))
}

impl Channel<'_> {
    /// The file with the scale or offset: the channel's own, that of all of its kind, that of all inputs, or the
    /// device's, which drivers such as ti-ads1015 and exynos_adc have.
    pub fn attribute(&self, what: &str, files: &[String]) -> Option<String> {
        let of = |part: &str| ["in_", part, "_", what].concat();
        let kind = self.kind.beginning;
        // For two channels whose difference is measured.
        let pair = [kind, "-", kind].concat();
        let pair = self.name.contains('-').then(|| of(&pair));
        let all = [Some(["in_", what].concat()), Some(what.to_owned())];
        let own = [Some(of(self.name)), pair, Some(of(kind))];
        own.into_iter().chain(all).flatten().find(|file| files.contains(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &str) -> Vec<String> {
        names.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn channels_are_found_by_the_names_of_their_files() {
        let all = files(
            "in_accel_x_raw in_accel_scale in_angl_raw in_anglvel_z_raw in_temp_raw in_temp_input \
             in_timestamp in_timestamp_raw in_voltage0-voltage1_raw in_voltage3_raw in_voltage3_calibbias \
             in_concentration_co2_raw in_temp_calibscale_raw in_tempx_raw out_voltage0_raw name in_raw",
        );
        let found: Vec<_> = channels(&all)
            .iter()
            .map(|c| format!("{} {} {}", c.name, c.kind.beginning, c.is_raw))
            .collect();
        assert_eq!(
            found,
            [
                "accel_x accel true",
                "angl angl true",
                "anglvel_z anglvel true",
                "concentration_co2 concentration true",
                "temp temp false",
                "voltage0-voltage1 voltage true",
                "voltage3 voltage true",
            ]
        );
    }

    #[test]
    fn a_scale_belongs_to_a_channel_its_kind_or_the_device() {
        let names = "in_voltage3_scale in_voltage-voltage_scale in_voltage_scale in_scale scale";
        let all = files(names);
        let scale = |file: &str, all: &[String]| channel(file).unwrap().attribute("scale", all);
        assert_eq!(scale("in_voltage3_raw", &all).as_deref(), Some("in_voltage3_scale"));
        assert_eq!(scale("in_voltage4_raw", &all).as_deref(), Some("in_voltage_scale"));
        let pair = "in_voltage0-voltage1_raw";
        assert_eq!(scale(pair, &all).as_deref(), Some("in_voltage-voltage_scale"));
        assert_eq!(scale(pair, &all[2..]).as_deref(), Some("in_voltage_scale"));
        assert_eq!(scale("in_temp_raw", &all).as_deref(), Some("in_scale"));
        assert_eq!(scale("in_temp_raw", &all[4..]).as_deref(), Some("scale"));
        assert_eq!(scale("in_temp_raw", &all[..3]), None);
    }
}
