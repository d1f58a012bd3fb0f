//! The real binary: started on a port that the kernel chooses, with its log read, ended with the test.
#![allow(clippy::disallowed_methods)] // tests start the agent; the agent starts nothing

use super::{Client, Exposition, Format, PATIENCE, Temp, get, wait_until};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::RawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

const BINARY: &str = env!("CARGO_BIN_EXE_sysmetrics");

/// The settings file unless a test writes its own.
const FILE: &str = "[server]\nlisten = \"127.0.0.1:0\"\n";

/// What to start, and how.
pub struct Plan {
    /// A line of sh in which `"$@"` is the agent; without one it is started as it is.
    shell: Option<String>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    file: String,
    stderr: Option<Stdio>,
    /// Sockets that become descriptors 3 and up.
    inherit: Vec<RawFd>,
}

/// A running agent.
pub struct Agent {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    dir: Temp,
}

impl Plan {
    pub fn arg(mut self, arg: impl Into<String>) -> Plan {
        self.args.push(arg.into());
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<String>) -> Plan {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// A setting by its path in the file.
    pub fn set(self, path: &str, value: impl Into<String>) -> Plan {
        self.env(&format!("APP__{}", path.replace('.', "__").to_uppercase()), value)
    }

    /// The settings file.
    pub fn file(mut self, text: &str) -> Plan {
        text.clone_into(&mut self.file);
        self
    }

    /// Reads a fixture machine.
    pub fn machine(self, name: &str) -> Plan {
        self.arg(format!("--path.procfs=fixtures/{name}/proc"))
            .arg(format!("--path.sysfs=fixtures/{name}/sys"))
            .arg(format!("--path.udev.data=fixtures/{name}/udev/data"))
            // It tells of the running kernel, wherever the files are.
            .arg("--no-collector.netdev.netlink")
    }

    /// Directories and ports that only a reload names are allowed, too.
    pub fn without_landlock(self) -> Plan {
        self.set("sandbox.landlock", "off")
    }

    pub fn shell(mut self, line: &str) -> Plan {
        self.shell = Some(line.to_owned());
        self
    }

    pub fn stderr(mut self, to: Stdio) -> Plan {
        self.stderr = Some(to);
        self
    }

    pub fn inherit(mut self, sockets: &[RawFd]) -> Plan {
        self.inherit = sockets.to_vec();
        self
    }

    /// Starts it; does not wait for it to serve.
    pub fn spawn(self) -> Agent {
        let dir = Temp::new();
        let file = dir.write("sysmetrics.toml", &self.file);
        let mut command = match self.shell {
            Some(line) => {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", &line, "sh", BINARY]);
                command
            }
            None => Command::new(BINARY),
        };
        command.args(self.args).env_clear();
        // What an agent of this machine keeps is not the tests'. The environment would override a file.
        for collector in ["boot", "disk_written"] {
            if !self.file.contains(&format!("[collectors.{collector}]")) {
                let name = collector.to_uppercase();
                command.env(format!("APP__COLLECTORS__{name}__STATE_FILE"), "");
            }
        }
        command.envs(self.env).env("METRICS_CONFIG", file);
        // Large blocks go back to the kernel at once, as in the C library that is released; this machine's keeps
        // more of them the busier it was.
        command.env("MALLOC_MMAP_THRESHOLD_", "131072");
        command.env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(self.stderr.unwrap_or_else(Stdio::piped));
        let inherit = self.inherit;
        // SAFETY: fcntl and dup2 are async-signal-safe; the descriptors are open in the parent.
        unsafe {
            command.pre_exec(move || {
                // Out of the way first, so that none is overwritten before it is copied.
                let high: Vec<RawFd> =
                    inherit.iter().map(|fd| libc::fcntl(*fd, libc::F_DUPFD_CLOEXEC, 100)).collect();
                for (at, fd) in (3..).zip(high) {
                    if libc::dup2(fd, at) < 0 {
                        return Err(std::io::Error::last_os_error());
                    }
                }
                Ok(())
            });
        }
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        if let Some(stderr) = child.stderr.take() {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    log.lock().unwrap().push(line);
                }
            });
        }
        Agent { child, log, dir }
    }

    /// Starts it and waits until it serves.
    pub fn start(self) -> Agent {
        let mut agent = self.spawn();
        wait_until("the agent to serve", || {
            if let Some(status) = agent.child.try_wait().unwrap() {
                panic!("{status}: {:?}", agent.log());
            }
            agent.log().iter().any(|line| line.contains("serving"))
        });
        agent
    }
}

impl Agent {
    /// What is started if nothing else is said: any port of 127.0.0.1.
    pub fn plan() -> Plan {
        Plan {
            shell: None,
            args: Vec::new(),
            env: Vec::new(),
            file: FILE.to_owned(),
            stderr: None,
            inherit: Vec::new(),
        }
    }

    pub fn start() -> Agent {
        Agent::plan().start()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Every line it logged so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub fn lines_with(&self, part: &str) -> usize {
        self.log().iter().filter(|line| line.contains(part)).count()
    }

    pub fn wait_for_log(&self, part: &str, count: usize) {
        let start = Instant::now();
        while self.lines_with(part) < count {
            assert!(start.elapsed() < PATIENCE, "no {part:?} in {:#?}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Where it serves, in the order it told.
    pub fn addresses(&self) -> Vec<String> {
        let log = self.log();
        let served = log.iter().filter_map(|line| {
            let rest = line.split_once("address=").or_else(|| line.split_once("\"address\":\""))?.1;
            Some(rest.split([' ', '"']).next()?.to_owned())
        });
        served.collect()
    }

    /// The address told last.
    pub fn address(&self) -> String {
        self.addresses().pop().unwrap()
    }

    pub fn get(&self, target: &str) -> super::Answer {
        get(&self.address(), target)
    }

    pub fn connect(&self) -> Client {
        Client::connect(&self.address())
    }

    /// One scrape, checked.
    pub fn scrape(&self) -> Exposition {
        let answer = self.get("/metrics");
        assert_eq!(answer.status, 200, "{answer:?}");
        Exposition::parse(answer.text(), Format::Prometheus)
    }

    pub fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.id()).unwrap();
        // SAFETY: kill has no memory preconditions; the child is not reaped yet.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }

    /// Writes the settings file anew and has it read.
    pub fn reload(&self, file: &str) {
        self.dir.write("sysmetrics.toml", file);
        self.signal(libc::SIGHUP);
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let mut end = None;
        wait_until("the agent to end", || {
            end = self.child.try_wait().unwrap();
            end.is_some()
        });
        end.unwrap()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// A number of `/proc/PID/status`.
    pub fn status(&self, key: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }

    /// How many threads it has, besides those that wait for slow sensors of the stored machine. One that
    /// has just begun has no name of its own yet.
    pub fn threads(&self) -> usize {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id())).unwrap();
        // One that ends meanwhile has no name any more.
        let names =
            tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
        names.filter(|name| !["raspberrypi\n", "ufs\n", "iio\n", "w1\n"].contains(&&**name)).count()
    }

    /// It waits for something to do; where it lacks the processor only, it does not.
    pub fn is_asleep(&self) -> bool {
        self.stat(0) == "S"
    }

    /// The numbers of its open descriptors.
    pub fn descriptors(&self) -> Vec<RawFd> {
        let entries = fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        entries.map(|e| e.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect()
    }

    /// User and system time so far, in clock ticks (hundredths of a second).
    pub fn cpu_ticks(&self) -> u64 {
        self.stat(11).parse::<u64>().unwrap() + self.stat(12).parse::<u64>().unwrap()
    }

    /// A field of `/proc/PID/stat`, counted from the state.
    fn stat(&self, field: usize) -> String {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap();
        let fields = text.rsplit_once(')').unwrap().1;
        fields.split_whitespace().nth(field).unwrap().to_owned()
    }
}

/// A test that fails says what the agent had to say.
impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the agent's log: {:#?}", self.log());
        }
    }
}
