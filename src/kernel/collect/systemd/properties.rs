//! The families, and the properties of units that fill them.

use crate::model::metric::{Family, Unit, counter, families, gauge};

const NAME: &[&str] = &["name"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; 14] = families![
    gauge(  "systemd_version",                           Unit::One,    "Version of systemd; the label has all of it.",               &["version"]),
    gauge(  "systemd_virtualization_info",               Unit::One,    "Always 1; the label is what systemd runs in.",               &["virtualization_type"]),
    gauge(  "systemd_units",                             Unit::One,    "Units, by state.",                                           &["state"]),
    gauge(  "systemd_unit_state",                        Unit::One,    "Whether the unit is in this state.",                         &["name", "state", "type"]),
    gauge(  "systemd_system_running",                    Unit::One,    "Whether the system is up and no unit has failed.",           &[]),
    counter("systemd_service_restart_total",             Unit::One,    "Automatic restarts of the service.",                         NAME),
    gauge(  "systemd_unit_start_time_seconds",           Unit::Micros, "When the unit became active, since 1970; 0 if it is not.",   NAME),
    gauge(  "systemd_unit_tasks_current",                Unit::One,    "Tasks of the service.",                                      NAME),
    gauge(  "systemd_unit_tasks_max",                    Unit::One,    "Tasks that the service may have.",                           NAME),
    gauge(  "systemd_timer_last_trigger_seconds",        Unit::Micros, "When the timer last elapsed, since 1970; 0 if never.",       NAME),
    counter("systemd_socket_accepted_connections_total", Unit::One,    "Connections that the socket accepted.",                      NAME),
    gauge(  "systemd_socket_current_connections",        Unit::One,    "Connections of the socket.",                                 NAME),
    // node_exporter's is a gauge, despite its name.
    gauge(  "systemd_socket_refused_connections_total",  Unit::One,    "Connections that the socket refused.",                       NAME).only_node().foreign(),
    counter("systemd_socket_refused_connections_total",  Unit::One,    "Connections that the socket refused.",                       NAME).only_own(),
];

/// A number that systemd has for units of one kind.
pub struct Property {
    /// The suffix of the units' names; any if empty.
    pub suffix: &'static str,
    /// Interface and name.
    pub name: [&'static str; 2],
    /// The option that enables it.
    pub group: Group,
    /// The families; which of them are shown depends on the dialect.
    pub families: &'static [&'static Family<'static>],
}

/// The option that has to be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// No option.
    Always,
    Restarts,
    StartTime,
    Tasks,
}

const UNIT: &str = "org.freedesktop.systemd1.Unit";
const SERVICE: &str = "org.freedesktop.systemd1.Service";
const MOUNT: &str = "org.freedesktop.systemd1.Mount";
const TIMER: &str = "org.freedesktop.systemd1.Timer";
const SOCKET: &str = "org.freedesktop.systemd1.Socket";

/// The number of properties.
pub const COUNT: usize = 8;

#[rustfmt::skip] // a table
pub static PROPERTIES: [Property; COUNT] = [
    Property { suffix: ".service", name: [SERVICE, "NRestarts"],         group: Group::Restarts,  families: &[&FAMILIES[5]] },
    Property { suffix: "",         name: [UNIT, "ActiveEnterTimestamp"], group: Group::StartTime, families: &[&FAMILIES[6]] },
    Property { suffix: ".service", name: [SERVICE, "TasksCurrent"],      group: Group::Tasks,     families: &[&FAMILIES[7]] },
    Property { suffix: ".service", name: [SERVICE, "TasksMax"],          group: Group::Tasks,     families: &[&FAMILIES[8]] },
    Property { suffix: ".timer",   name: [TIMER, "LastTriggerUSec"],     group: Group::Always,    families: &[&FAMILIES[9]] },
    Property { suffix: ".socket",  name: [SOCKET, "NAccepted"],          group: Group::Always,    families: &[&FAMILIES[10]] },
    Property { suffix: ".socket",  name: [SOCKET, "NConnections"],       group: Group::Always,    families: &[&FAMILIES[11]] },
    Property { suffix: ".socket",  name: [SOCKET, "NRefused"],           group: Group::Always,    families: &[&FAMILIES[12], &FAMILIES[13]] },
];

/// The property for the label `type`, for units with these suffixes.
pub static TYPES: [(&str, [&str; 2]); 2] =
    [(".service", [SERVICE, "Type"]), (".mount", [MOUNT, "Type"])];
