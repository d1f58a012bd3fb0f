//! Programs and buses of the tests.

use crate::common::Temp;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A program that ends with the test.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Running {
        let started = command.stdin(Stdio::null()).spawn();
        let name = command.get_program().display();
        Running(started.unwrap_or_else(|error| panic!("this test needs {name}: {error}")))
    }

    /// The first line that it writes.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: kill has no memory preconditions; the child is not reaped yet.
        assert_eq!(unsafe { libc::kill(i32::try_from(self.0.id()).unwrap(), signal) }, 0);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A bus and the services on it.
pub struct Bus {
    pub address: String,
    pub services: Running,
    _daemon: Running,
    _dir: Temp,
}

impl Bus {
    pub fn start() -> Bus {
        let dir = Temp::new();
        let address = format!("unix:path={}", dir.path("bus").display());
        let mut daemon = Command::new("dbus-daemon");
        daemon.arg("--config-file=tests/buses/bus.conf").args(["--nofork", "--print-address"]);
        daemon.arg(format!("--address={address}")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = Running::start(&mut daemon);
        let address = daemon.line();
        let services = services("tests/buses/services.py", &address);
        Bus { address, services, _daemon: daemon, _dir: dir }
    }
}

/// Services on a bus.
pub fn services(script: &str, address: &str) -> Running {
    let mut services = Command::new("/usr/bin/python3");
    services.arg(script).stdout(Stdio::piped()).env("DBUS_SYSTEM_BUS_ADDRESS", address);
    let mut services = Running::start(&mut services);
    assert_eq!(services.line(), "ready", "python3-dbus and python3-gi");
    services
}
