//! The part in which two readings of the same files agree.

/// Families that no two runs agree on: parts of their names.
const VARYING: [&str; 31] = [
    "process_cpu_seconds",
    "process_virtual_memory",
    "process_resident_memory",
    "process_start_time",
    "process_open_fds",
    "process_max_fds",
    "duration_seconds",
    "build_info",
    // How long ago another thread read, or what a sensor said that was taken for slow.
    "hwmon_sensor_age_seconds",
    "thermal_zone_age_seconds",
    "cooling_device_age_seconds",
    "power_supply_age_seconds",
    "nvme_namespace_age_seconds",
    "infiniband_age_seconds",
    "fibrechannel_age_seconds",
    "watchdog_age_seconds",
    "units_age_seconds",
    "iio_age_seconds",
    "w1_age_seconds",
    "process_groups_age_seconds",
    "conntrack_zone_age_seconds",
    // Of the machine that runs the test.
    "filesystem_size_bytes",
    "filesystem_free_bytes",
    "filesystem_avail_bytes",
    "filesystem_files",
    "node_time_seconds",
    "sysmetrics_time_seconds",
    "time_zone_offset",
    "timex_",
    "uname_info",
    // Every scrape looks once.
    "raspberrypi_undervoltage_",
];

/// Where the stored machines are, which some labels tell.
const PLACE: &str = env!("CARGO_MANIFEST_DIR");

/// `text` without the families that differ at every run, wherever the stored machines are.
pub fn steady(text: &[u8]) -> String {
    let text = std::str::from_utf8(text).unwrap();
    let mut keep = true;
    let mut kept = String::new();
    for line in text.split_inclusive('\n') {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let name = help.split(' ').next().unwrap();
            keep = !VARYING.iter().any(|v| name.starts_with(v) || name.contains(&format!("_{v}")));
        }
        if keep || line == "# EOF\n" {
            kept.push_str(&line.replace(PLACE, ""));
        }
    }
    kept
}
