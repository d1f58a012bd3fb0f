//! The table of shown values: a family, the part of the page, and the key there.

/// A part of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The agent itself.
    Agent,
    /// All CPUs together.
    Cpu,
    /// Load averages.
    Load,
    /// The drivers' names of chips with sensors.
    Chips,
    /// The readings of sensors.
    Sensors,
    /// Sensors of temperatures.
    Temperatures,
    /// Temperatures of the thermal framework.
    Zones,
    /// Memory and swap.
    Memory,
    /// Mounted file systems.
    Filesystems,
    /// Block devices.
    Disks,
    /// Network interfaces.
    Network,
    /// What collectors could not read.
    ReadErrors,
    /// What other programs push.
    Pushes,
    /// Refusals by reason.
    Refused,
    /// Other endpoints.
    Targets,
    /// Log files.
    Logs,
    /// Where samples are sent.
    Exports,
    /// How the box was started and ended, and its supply.
    Starts,
    /// The wall clock.
    Clock,
    /// Flash and other disks that wear.
    Flash,
    /// Supplies with a battery.
    Upses,
    /// Units of systemd, and containers.
    Units,
    /// Groups of processes.
    Groups,
    /// Sensors of the industrial I/O framework.
    Readings,
    /// Sensors on 1-wire.
    Probes,
    /// Wireless interfaces.
    Wifi,
    /// Modems of LTE, 5G and before.
    Modems,
    /// Leases of DHCP servers.
    Leases,
    /// The two directions of a DSL line.
    Lines,
    /// Ports that give power, and all of them together.
    Ports,
    /// Zones of connections that netfilter follows.
    Connections,
    /// Triggers of stalls.
    Stalls,
    /// The highest values of single seconds, of the box and of its interfaces.
    Peaks,
    /// Levels of the kernel's log.
    KernelLog,
}

/// The most labels that distinguish the rows of one table.
pub const KEYS: usize = 4;

/// A label, and the key under which it is written; `""` for none.
pub type LabelKey = (&'static str, &'static str);

impl Part {
    /// Every part.
    #[rustfmt::skip]
    pub const ALL: [Part; 34] = [
        Part::Agent, Part::Cpu, Part::Load, Part::Chips, Part::Sensors,
        Part::Temperatures, Part::Zones, Part::Memory, Part::Filesystems, Part::Disks, Part::Network,
        Part::ReadErrors, Part::Pushes, Part::Refused, Part::Targets, Part::Logs, Part::Exports,
        Part::Starts, Part::Clock, Part::Flash, Part::Upses, Part::Units, Part::Groups, Part::Readings, Part::Probes,
        Part::Wifi, Part::Modems, Part::Leases, Part::Lines, Part::Ports, Part::Connections, Part::Stalls,
        Part::Peaks, Part::KernelLog,
    ];

    /// The labels that distinguish rows; empty where there is one row.
    pub fn labels(self) -> &'static [LabelKey] {
        match self {
            Part::Agent | Part::Cpu | Part::Load | Part::Memory | Part::Pushes => &[],
            Part::Starts | Part::Clock => &[],
            Part::Chips => &[("chip", "")],
            Part::Sensors | Part::Temperatures => &[("chip", ""), ("sensor", "")],
            Part::Zones => &[("zone", ""), ("type", "")],
            Part::Filesystems => {
                &[("mountpoint", "mountpoint"), ("device", "device"), ("fstype", "type")]
            }
            Part::Disks => &[("device", "device")],
            Part::Network => &[("interface", "interface")],
            Part::ReadErrors => &[("collector", ""), ("errno", "")],
            Part::Refused => &[("reason", "reason")],
            Part::Targets => &[("target", "target")],
            Part::Logs => &[("path", "path")],
            Part::Exports => &[("export", "export")],
            Part::Flash => &[("device", "name")],
            Part::Upses => &[("ups", "name")],
            Part::Units => &[("unit", "name")],
            Part::Groups => &[("group", "name")],
            Part::Readings => &[("chip", "name"), ("channel", "channel"), ("device", "device")],
            Part::Probes => &[("sensor", "name")],
            Part::Wifi => &[("interface", "name")],
            Part::Modems | Part::Ports => &[("port", "name")],
            Part::Leases => &[("family", "name")],
            Part::Lines => &[("direction", "name")],
            Part::Connections => &[("zone", "name")],
            Part::Stalls => {
                &[("resource", "name"), ("kind", "kind"), ("stall", "stall"), ("window", "window")]
            }
            Part::Peaks => &[("device", "name")],
            Part::KernelLog => &[("level", "name")],
        }
    }
}

/// How a sample becomes a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Its number; those of one row are added up.
    Number,
    /// The highest number of one row.
    Most,
    /// Whether its number is not 0.
    Truth,
    /// The label with the name of the column.
    Text,
    /// The same of all samples that are not 0, one after the other.
    Words,
    /// Its number, unless it is below zero; for rows that exist.
    MoreNumber,
    /// The label with the name of the column; for rows that exist.
    MoreText,
    /// As `MoreNumber`, but not written by itself.
    Hidden,
}

impl Form {
    /// Whether it creates no row.
    pub fn is_more(self) -> bool {
        matches!(self, Form::MoreNumber | Form::MoreText | Form::Hidden)
    }
}

/// A family by our own name, the table it is in, its key there, and its form.
pub type Row = (&'static str, Part, &'static str, Form);

use Form::{Hidden, MoreNumber, MoreText, Most, Number, Text, Truth, Words};

/// Columns of one table are listed together. Several families may fill one: a device has one of them.
#[rustfmt::skip] // a table
pub const ROWS: &[Row] = &[
    ("process_cpu_seconds_total",         Part::Agent,   "cpu_seconds",     Number),
    ("process_resident_memory_bytes",     Part::Agent,   "resident_bytes",  Number),
    ("process_open_fds",                  Part::Agent,   "open_files",      Number),
    ("scrape_duration_seconds_total",     Part::Agent,   "scrape_seconds",  Number),
    ("cpu_count",                         Part::Cpu,     "count",           Number),
    ("load1",                             Part::Load,    "load1",           Number),
    ("load5",                             Part::Load,    "load5",           Number),
    ("load15",                            Part::Load,    "load15",          Number),
    ("hwmon_chip_names",                  Part::Chips,   "chip_name",       Text),
    ("hwmon_sensor_label",                Part::Sensors, "label",           Text),
    ("hwmon_temp_celsius",                Part::Temperatures, "celsius",    Number),
    ("hwmon_temp_crit_celsius",           Part::Temperatures, "critical_celsius", MoreNumber),
    ("thermal_zone_celsius",              Part::Zones,   "celsius",         Number),
    ("memory_total_bytes",                Part::Memory,  "total_bytes",     Number),
    ("memory_free_bytes",                 Part::Memory,  "free_bytes",      Number),
    ("memory_used_bytes",                 Part::Memory,  "used_bytes",      Number),
    ("memory_available_bytes",            Part::Memory,  "available_bytes", Number),
    ("memory_buffers_bytes",              Part::Memory,  "buffers_bytes",   Number),
    ("memory_cached_bytes",               Part::Memory,  "cached_bytes",    Number),
    ("memory_swap_total_bytes",           Part::Memory,  "swap_total_bytes", Number),
    ("memory_swap_free_bytes",            Part::Memory,  "swap_free_bytes", Number),
    ("filesystem_size_bytes",             Part::Filesystems, "size_bytes",  Number),
    ("filesystem_free_bytes",             Part::Filesystems, "free_bytes",  Number),
    ("filesystem_avail_bytes",            Part::Filesystems, "avail_bytes", Number),
    ("filesystem_readonly",               Part::Filesystems, "readonly",    Truth),
    ("filesystem_device_error",           Part::Filesystems, "device_error", Text),
    ("disk_read_bytes_total",             Part::Disks,   "read_bytes",      Number),
    ("disk_written_bytes_total",          Part::Disks,   "written_bytes",   Number),
    ("disk_reads_completed_total",        Part::Disks,   "reads",           Number),
    ("disk_writes_completed_total",       Part::Disks,   "writes",          Number),
    ("disk_io_in_progress",               Part::Disks,   "in_progress",     Number),
    ("disk_io_time_seconds_total",        Part::Disks,   "busy_seconds",    Number),
    ("disk_size_bytes",                   Part::Disks,   "size_bytes",      MoreNumber),
    ("network_receive_bytes_total",       Part::Network, "receive_bytes",   Number),
    ("network_transmit_bytes_total",      Part::Network, "transmit_bytes",  Number),
    ("network_receive_packets_total",     Part::Network, "receive_packets", Number),
    ("network_transmit_packets_total",    Part::Network, "transmit_packets", Number),
    ("network_receive_errors_total",      Part::Network, "receive_errors",  Number),
    ("network_transmit_errors_total",     Part::Network, "transmit_errors", Number),
    ("network_receive_drop_total",        Part::Network, "receive_dropped", Number),
    ("network_transmit_drop_total",       Part::Network, "transmit_dropped", Number),
    ("network_info",                      Part::Network, "operstate",       MoreText),
    ("network_speed_bytes",               Part::Network, "speed_bytes",     MoreNumber),
    ("network_carrier",                   Part::Network, "carrier",         Hidden),
    ("collector_read_errors_total",       Part::ReadErrors, "errors",       Number),
    ("push_series",                       Part::Pushes,  "series",          Number),
    ("push_families",                     Part::Pushes,  "families",        Number),
    ("push_accepted_total",               Part::Pushes,  "accepted",        Number),
    ("push_refused_total",                Part::Refused, "refused",         Number),
    ("target_up",                         Part::Targets, "up",              Number),
    ("target_scrape_duration_seconds",    Part::Targets, "seconds",         Number),
    ("target_samples",                    Part::Targets, "samples",         Number),
    ("target_samples_refused_total",      Part::Targets, "refused",         Number),
    ("target_errors_total",               Part::Targets, "errors",          Number),
    ("tail_files",                        Part::Logs,    "files",           Number),
    ("tail_read_bytes_total",             Part::Logs,    "read_bytes",      Number),
    ("tail_lines_total",                  Part::Logs,    "lines",           Number),
    ("tail_lines_cut_total",              Part::Logs,    "cut",             Number),
    ("tail_matches_total",                Part::Logs,    "matches",         Number),
    ("tail_truncations_total",            Part::Logs,    "truncations",     Number),
    ("export_samples_total",              Part::Exports, "samples",         Number),
    ("export_sent_bytes_total",           Part::Exports, "sent_bytes",      Number),
    ("export_spool_frames",               Part::Exports, "waiting_frames",  Number),
    ("export_spool_age_seconds",          Part::Exports, "waiting_seconds", Number),
    ("export_dropped_total",              Part::Exports, "dropped",         Number),
    ("boots_total",                        Part::Starts,  "starts",           Number),
    ("boots_unclean_total",                Part::Starts,  "after_unclean_ends", Number),
    ("boot_previous_unclean",              Part::Starts,  "last_end_unclean", Truth),
    ("boot_reset_cause",                   Part::Starts,  "cause",            Words),
    ("boot_crash_records",                 Part::Starts,  "crash_records",    Number),
    ("raspberrypi_undervoltage",           Part::Starts,  "supply_too_weak",  Truth),
    ("raspberrypi_undervoltage_low_samples_total", Part::Starts,  "times_too_weak",   Number),
    ("timex_sync_status",                  Part::Clock,   "synchronised",     Truth),
    ("timex_offset_seconds",               Part::Clock,   "offset_seconds",   Number),
    ("chrony_last_offset_seconds",         Part::Clock,   "chronyd_offset_seconds", Number),
    ("chrony_stratum",                     Part::Clock,   "stratum",          Number),
    ("clock_jumps_total",                  Part::Clock,   "times_set",        Number),
    ("gpsd_satellites_used",               Part::Clock,   "satellites_used",  Number),
    ("mmc_life_time_used_ratio",           Part::Flash,   "life_used_ratio",  Most),
    ("ufs_life_time_used_ratio",           Part::Flash,   "life_used_ratio",  Most),
    ("mmc_pre_eol_code",                   Part::Flash,   "pre_eol_code",     Most),
    ("ufs_pre_eol_code",                   Part::Flash,   "pre_eol_code",     Most),
    ("ubi_bad_eraseblocks",                Part::Flash,   "bad_blocks",       Number),
    ("mtd_bad_blocks",                     Part::Flash,   "bad_blocks",       Number),
    ("ubi_reserved_for_bad_eraseblocks",   Part::Flash,   "spare_blocks",     Number),
    ("mtd_corrected_bitflips_total",       Part::Flash,   "bits_corrected",   Number),
    ("mtd_ecc_failures_total",             Part::Flash,   "reads_failed",     Number),
    ("ext4_errors",                        Part::Flash,   "errors",           Number),
    ("f2fs_checkpoint_error",              Part::Flash,   "errors",           Number),
    ("disk_all_boots_written_bytes_total", Part::Flash,   "written_bytes",    Number),
    ("nut_status",                         Part::Upses,   "flag",             Words),
    ("nut_battery_charge_ratio",           Part::Upses,   "charge_ratio",     Number),
    ("nut_load_ratio",                     Part::Upses,   "load_ratio",       Number),
    ("nut_battery_runtime_seconds",        Part::Upses,   "lasts_seconds",    Number),
    ("unit_cpu_seconds_total",             Part::Units,   "cpu_seconds",      Number),
    ("unit_memory_working_set_bytes",      Part::Units,   "memory_bytes",     Number),
    ("unit_tasks",                         Part::Units,   "tasks",            Number),
    ("process_group_cpu_seconds_total",    Part::Groups,  "cpu_seconds",      Number),
    ("process_group_resident_bytes",       Part::Groups,  "memory_bytes",     Number),
    ("process_group_processes",            Part::Groups,  "processes",        Number),
    ("iio_temperature_celsius",            Part::Readings, "celsius",          Number),
    ("iio_humidity_ratio",                 Part::Readings, "humidity_ratio",   Number),
    ("iio_pressure_pascals",               Part::Readings, "pascals",          Number),
    ("iio_illuminance_lux",                Part::Readings, "lux",              Number),
    ("iio_voltage_volts",                  Part::Readings, "volts",            Number),
    ("iio_current_amperes",                Part::Readings, "amperes",          Number),
    ("iio_power_watts",                    Part::Readings, "watts",            Number),
    ("iio_concentration_ratio",            Part::Readings, "concentration_ratio", Number),
    ("iio_distance_meters",                Part::Readings, "meters",           Number),
    ("w1_temperature_celsius",             Part::Probes,  "celsius",          Number),
    ("wifi_link_signal_dbm",               Part::Wifi,    "signal_dbm",       Number),
    ("wifi_link_stations",                 Part::Wifi,    "stations",         Number),
    ("modem_signal_quality_ratio",         Part::Modems,  "signal_ratio",     Number),
    ("modem_state",                        Part::Modems,  "state",            Number),
    ("modem_connections",                  Part::Modems,  "connections",      Number),
    ("dhcp_leases",                        Part::Leases,  "leases",           Number),
    ("dsl_snr_margin_decibels",            Part::Lines,   "margin_db",        Number),
    ("dsl_data_rate_bytes_per_second",     Part::Lines,   "rate_bytes",       Number),
    ("poe_port_watts",                     Part::Ports,   "watts",            Number),
    ("poe_consumption_watts",              Part::Ports,   "watts",            Number),
    ("poe_budget_watts",                   Part::Ports,   "budget_watts",     Number),
    ("conntrack_zone_fill_ratio",          Part::Connections, "fill_ratio",   Number),
    ("conntrack_zone_entries",             Part::Connections, "connections",  Number),
    ("pressure_stalls_total",              Part::Stalls,  "stalls",           Number),
    ("peak_cpu_usage_ratio",               Part::Peaks,   "cpu_ratio",        Number),
    ("peak_runnable_tasks",                Part::Peaks,   "tasks",            Number),
    ("peak_memory_used_bytes",             Part::Peaks,   "memory_bytes",     Number),
    ("peak_network_receive_bytes_per_second", Part::Peaks, "receive_rate",    Number),
    ("peak_network_transmit_bytes_per_second", Part::Peaks, "transmit_rate",  Number),
    ("peak_window_seconds",                Part::Peaks,   "window_seconds",   Number),
    ("kernel_log_messages_total",          Part::KernelLog, "messages",       Number),
];
