use sysmetrics::{
    collect::COLLECTORS, expose::*, gather::Gather, metric::Buffer, read::Root, settings::*,
};
fn main() {
    let dialect = Dialect::Own;
    let root = Root::at(Paths {
        procfs: "/proc".into(),
        sysfs: "/sys".into(),
        rootfs: "/".into(),
        udev_data: "/run/udev/data".into(),
    });
    let set: Vec<_> = COLLECTORS
        .iter()
        .map(|c| CollectorSettings {
            enabled: true,
            values: c
                .subject
                .options
                .iter()
                .map(|o| Some(o.default[0].to_string()).filter(|v| !v.is_empty()))
                .collect(),
            options: c.subject.options.iter().map(|o| o.key).collect(),
        })
        .collect();
    let mut g = Gather::new(dialect, &root, &set, true);
    let (mut out, mut line) = (Buffer::default(), Line::default());
    let n: u32 = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(1);
    let t = std::time::Instant::now();
    for _ in 0..n {
        out.truncate(0);
        let mut text = Text::new(dialect, Format::Prometheus, &mut out, &mut line);
        let all = g.all();
        g.scrape(all, &mut text);
        text.finish();
    }
    let dt = t.elapsed() / n;
    if n == 1 {
        print!("{}", String::from_utf8_lossy(out.bytes()));
    }
    eprintln!("{dt:?} {} bytes", out.len());
}
