//! The collectors for which a stored machine has no data.

/// What only the running kernel or other programs tell.
pub const NOT_STORED: &[&str] = &[
    "network_route",
    "ethtool",
    "ntp",
    "perf",
    "systemd",
    "logind",
    "supervisord",
    "nut",
    "chrony",
    "gpsd",
    "kernel_log",
    "wifi_link",
    "modemmanager",
    "dsl",
    "poe",
];
