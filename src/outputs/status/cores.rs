//! CPU times: of all CPUs by mode, and of each the busy time and the total time. Samples of one CPU come one
//! after the other. They are many, hence not a `Table`.

use super::json::Json;
use super::table::sum;
use crate::model::metric::Value;

/// The most CPUs that are shown one by one.
const MAX_CORES: usize = 256;

/// Bytes of a CPU's number.
const MAX_NAME: usize = 16;

/// The modes, in the order in which they come.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

struct Core {
    name: [u8; MAX_NAME],
    length: usize,
    busy: Option<Value>,
    all: Option<Value>,
}

impl Core {
    fn name(&self) -> &[u8] {
        self.name.get(..self.length).unwrap_or_default()
    }
}

/// All CPUs.
#[derive(Default)]
pub struct Cores {
    list: Vec<Core>,
    modes: [Option<Value>; MODES.len()],
    /// The expected mode of the next sample.
    next: usize,
    /// The number of the first sample.
    first: Option<usize>,
}

impl Cores {
    /// Forgets everything; the memory stays.
    pub fn clear(&mut self) {
        self.list.clear();
        (self.modes, self.first) = (Default::default(), None);
    }

    /// Adds a sample, the `count`th of all, of the CPU `name`.
    pub fn add(&mut self, name: &[u8], mode: &[u8], value: Value, count: usize) {
        self.first.get_or_insert(count);
        let name = name.get(..name.len().min(MAX_NAME)).unwrap_or_default();
        if self.list.last().is_none_or(|core| core.name() != name) {
            let mut core = Core { name: [0; MAX_NAME], length: name.len(), busy: None, all: None };
            core.name.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
            // One too many is kept, for the samples of all those that are left out.
            self.list.truncate(MAX_CORES);
            self.list.push(core);
        }
        let is = |at: &usize| MODES.get(*at).is_some_and(|known| known.as_bytes() == mode);
        let found = Some(self.next).filter(is).or_else(|| (0..MODES.len()).find(is));
        let Some((at, name)) = found.and_then(|at| Some((at, MODES.get(at)?))) else { return };
        self.next = at + 1;
        let add = |to: &mut Option<Value>| *to = Some(to.map_or(value, |to| sum(to, value)));
        self.modes.get_mut(at).into_iter().for_each(add);
        let Some(core) = self.list.last_mut() else { return };
        add(&mut core.all);
        if !matches!(*name, "idle" | "iowait") {
            add(&mut core.busy);
        }
    }

    /// Forgets everything if the sample `count` or a later one was the first.
    pub fn rewind(&mut self, count: usize) {
        if self.first.is_some_and(|first| first >= count) {
            self.clear();
        }
    }

    /// Writes time by mode, then each CPU, and how many of `count` CPUs are left out.
    pub fn write(&self, count: Option<Value>, json: &mut Json<'_>) {
        json.inside("seconds", b"{");
        for (name, value) in MODES.iter().zip(self.modes).filter(|(_, value)| value.is_some()) {
            json.number_of(name, value);
        }
        json.close(b"}");
        json.inside("cores", b"[");
        for core in self.list.iter().take(MAX_CORES) {
            json.open(b"{");
            json.text_of("cpu", core.name());
            json.number_of("busy_seconds", core.busy);
            json.number_of("total_seconds", core.all);
            json.close(b"}");
        }
        json.close(b"]");
        let shown = self.list.len().min(MAX_CORES) as u64;
        let others = match count {
            Some(Value::Int(count)) => Some(Value::Int(count.saturating_sub(shown))),
            _ => None,
        };
        json.number_of("cores_left_out", others);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::Buffer;

    #[test]
    fn modes_may_come_in_any_order_and_one_may_be_missing() {
        let mut cores = Cores::default();
        for (cpu, mode, ticks) in
            [("0", "user", 150), ("0", "idle", 7), ("1", "idle", 1), ("1", "user", 275)]
        {
            cores.add(cpu.as_bytes(), mode.as_bytes(), Value::Centi(ticks), 4);
        }
        cores.add(b"1", b"unknown", Value::Centi(9), 4);
        let text = |cores: &Cores| {
            let mut out = Buffer::default();
            cores.write(Some(Value::Int(3)), &mut Json::new(&mut out));
            String::from_utf8(out.bytes().to_vec()).unwrap()
        };
        let of = |cpu: u8, busy: &str, all: &str| {
            format!("{{\"cpu\":\"{cpu}\",\"busy_seconds\":{busy},\"total_seconds\":{all}}}")
        };
        let list = [of(0, "1.50", "1.57"), of(1, "2.75", "2.76")].join(",");
        let seconds = "\"seconds\":{\"user\":4.25,\"idle\":0.08}";
        assert_eq!(text(&cores), format!("{seconds},\"cores\":[{list}],\"cores_left_out\":1"));
        cores.rewind(5);
        assert!(text(&cores).contains("1.57"));
        cores.rewind(4);
        assert_eq!(text(&cores), "\"seconds\":{},\"cores\":[],\"cores_left_out\":3");
    }
}
