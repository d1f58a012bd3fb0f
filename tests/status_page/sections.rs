//! The sections of the page and their figures.

use super::page::{
    assert_announced, assert_fits_everywhere, number, open, polls, prepare, screenshots,
};
use crate::common::browser::Browser;
use crate::common::json::Json;
use crate::common::{Agent, Temp, wait_until};

#[test]
fn figures_are_those_that_were_read_and_names_are_only_names() {
    let proc = Temp::proc_of("box");
    let name = "<img/src=x\u{a0}onerror=hacked=1>";
    proc.write("sys/kernel/hostname", "<b>gateway</b>");
    proc.write(
        "meminfo",
        "MemTotal: 4194304 kB\nMemFree: 1048576 kB\nBuffers: 524288 kB\nCached: 524288 kB\n",
    );
    let procfs = format!("--path.procfs={}", proc.as_ref().display());
    let agent = Agent::plan().machine("box").arg(procfs).start();
    let mut browser = Browser::start();
    let mut ticks = 1000u64;
    let mut work = || {
        ticks += 100;
        let n = ticks;
        proc.write("stat", format!("cpu0 {n} 7 {n} {} 5 0 0 0 0 0\n", 2 * n));
        proc.write("diskstats", format!("8 0 {name} {n} 0 {n} 0 {n} 0 {n} 0 0 0 0\n"));
        proc.write(
            "net/dev",
            format!("a\nb\n {name}: {n} 0 0 0 0 0 0 0 {} 0 0 0 0 0 0 0\n", 4 * n),
        );
    };
    work();
    open(&mut browser, &agent);
    let value = |section: &str, name: &str| {
        format!(
            "[...document.querySelectorAll('#{section} li')].find(li => \
             li.children[1].textContent === '{name}')?.lastChild.textContent ?? ''"
        )
    };
    // Before the second answer no rate is known, and none is made up.
    if polls(&mut browser) == 1 {
        assert_eq!(browser.text(&value("cpu", "user")), "–");
    }
    let cpu = [("user", "25 %"), ("system", "25 %"), ("iowait", "0 %"), ("nice", "0 %")];
    wait_until("shares of CPU time", || {
        work();
        cpu.iter().all(|(mode, share)| browser.text(&value("cpu", mode)) == *share)
    });
    wait_until("rates", || {
        work();
        let (slow, fast) = (value("network", "in"), value("network", "out"));
        let both = browser.text(&format!("({slow}) + '|' + ({fast})"));
        let rates = both.split_once('|').map(|(slow, fast)| (per_second(slow), per_second(fast)));
        let Some((Some(slow), Some(fast))) = rates else { return false };
        slow > 0.0 && (fast / slow - 4.0).abs() < 0.4
    });
    wait_until("a disk's rate", || per_second(&browser.text(&value("disks", "write"))).is_some());
    for (part, bytes) in [("used", "2.0 GiB"), ("cache", "1.0 GiB"), ("free", "1.0 GiB")] {
        assert_eq!(browser.text(&value("memory", part)), bytes);
    }
    assert_eq!(browser.text("document.querySelector('#network h3').textContent"), name);
    assert_eq!(browser.text("document.querySelector('#disks h3').textContent"), name);
    assert_eq!(browser.text("document.getElementById('name').textContent"), "<b>gateway</b>");
    let made = "document.querySelectorAll('img, b b, h1 b').length + (typeof hacked === 'number')";
    assert_eq!(number(&mut browser, made), 0.0);
    // Sections without anything are not there.
    for part in ["targets", "pushes", "logs", "exports", "alerts"] {
        let hidden = format!("document.getElementById('{part}').getClientRects().length === 0");
        assert_eq!(browser.evaluate(&hidden), Json::Bool(true), "{part}");
    }
    proc.write("meminfo", "nonsense\n");
    browser.wait_for(
        "document.querySelector('#collectors .bad + .sub')?.textContent.includes('/proc/meminfo') === true",
    );
    browser.wait_for("document.getElementById('memory').hidden");
    let status = "document.getElementById('health').innerText";
    let problem = browser.text(status);
    for part in ["collector memory", "/proc/meminfo", "failing"] {
        assert!(problem.contains(part), "{problem}");
    }
    let kinds = "document.querySelector('#collectors .bad + .sub').textContent";
    assert!(browser.text(kinds).contains(", content × "), "{}", browser.text(kinds));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// `1.5 kB/s` as 1500; `None` for what was not read.
fn per_second(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let factor = ["B/s", "kB/s", "MB/s", "GB/s"].iter().position(|u| *u == unit)?;
    Some(number.parse::<f64>().ok()? * 1000f64.powi(i32::try_from(factor).ok()?))
}

/// What this machine has none of, with names that are markup.
#[test]
fn every_section_shows_what_comes() {
    let (agent, kept) = (Agent::plan().machine("box").start(), Temp::new());
    let shots = screenshots(&kept);
    let mut browser = Browser::start();
    let more = r#"{"targets":[
            {"target":"api","up":1,"seconds":0.0123,"samples":1234,"refused":null,"errors":null},
            {"target":"<script>hacked=1</script>","up":0,"seconds":5.01,"samples":0,"refused":null,"errors":7,
             "last_error":"<b>no</b>","last_error_age_seconds":3600}],"time":1795255200,
        "pushes":{"series":2,"families":1,"accepted":1234567,"refused":{"<img src=x>":3}},
        "logs":[{"path":"/var/log/web.log","files":1,"read_bytes":12345678,"lines":98765,"cut":null,"matches":12,"truncations":0}],
        "exports":[{"export":"<b>otlp</b>","samples":5,"sent_bytes":9,"waiting_frames":2,"waiting_seconds":90,"dropped":3,"error":"<i>away</i>","failing_seconds":7}],
        "alerts":[{"alertname":"<i>DiskFull</i>","alertstate":"firing","device":"sda","severity":"page"},
            {"alertname":"Memory","alertstate":"pending"}],
        "starts":{"starts":7,"after_unclean_ends":2,"last_end_unclean":true,"cause":"watchdog","crash_records":null,"supply_too_weak":true},
        "clock":{"synchronised":true,"offset_seconds":-0.0005,"stratum":3},
        "flash":[{"name":"mmcblk0","life_used_ratio":0.3,"pre_eol_code":2,"errors":null},{"name":"mtd0","life_used_ratio":null,"bad_blocks":3},
            {"name":"sda1","errors":0}],
        "upses":[{"name":"<b>rack</b>","flag":"OB LB","charge_ratio":0.42,"load_ratio":0.2,"lasts_seconds":900}],
        "units":[{"name":"nginx.service","cpu_seconds":null,"memory_bytes":67108864,"tasks":26}],
        "groups":[{"name":"web","cpu_seconds":null,"memory_bytes":1024,"processes":2}],
        "readings":[{"name":"bme280","channel":"pressure","device":"i2c","celsius":null,"pascals":99873.640625}],
        "probes":[{"name":"28-0316a2795bff","celsius":-2.562}],
        "wifi":[{"name":"wlan0","signal_dbm":-81,"stations":1}],"modems":[{"name":"cdc-wdm0","signal_ratio":0.62,"state":11,"connections":1}],
        "leases":[{"name":"ipv4","leases":12}],"lines":[{"name":"down","margin_db":6.3,"rate_bytes":12582912}],"ports":[{"name":"","watts":9.5,"budget_watts":77},{"name":"lan1","watts":4.25,"budget_watts":null}],
        "connections":[{"name":"0","fill_ratio":0.05,"connections":3300},{"name":"7","fill_ratio":0.93,"connections":61000}],
        "stalls":[{"name":"memory","kind":"some","stall":"200ms","window":"2s","stalls":4}],
        "peaks":[{"name":"","cpu_ratio":0.87,"tasks":5,"memory_bytes":67108864,"receive_rate":null,"transmit_rate":null,"window_seconds":60},
            {"name":"eth0","cpu_ratio":null,"receive_rate":2500000,"transmit_rate":1000}],
        "kernel_log":[{"name":"emerg","messages":0},{"name":"crit","messages":1},{"name":"err","messages":20}]}"#;
    let source = format!(
        "const ask = window.fetch; window.fetch = async (...a) => {{ const r = await ask(...a), j = await r.json();\
         return {{ ok: true, json: () => Object.assign(j, {more}) }} }};"
    );
    prepare(&mut browser, &source);
    browser.show_at(1280, 800, "light");
    open(&mut browser, &agent);
    let rows = |part: &str| {
        format!(
            "[...document.querySelectorAll('#{part} tr')].map(tr => [...tr.cells]\
             .map(c => c.textContent).join('|')).join('\\n')"
        )
    };
    for (part, expected) in [
        (
            "targets",
            "Target|Errors|State\napi1,234 samples in 12 ms|–|up\n\
             <script>hacked=1</script>0 samples in 5 s; 09:00:00 <b>no</b>|7|down",
        ),
        ("alerts", "Alert|State\n<i>DiskFull</i>device=sda · severity=page|firing\nMemory|pending"),
        (
            "logs",
            "Log file|Lines|Matches\n\
             /var/log/web.log1 followed, 12 MiB read, – lines cut|98,765|12",
        ),
        ("exports", "Export|Waiting|Dropped|State\n<b>otlp</b><i>away</i>|21 min 30 s|3|failing"),
        ("upses", "UPS|State\n<b>rack</b>charge 42 % · load 20 % · lasts 15 min 0 s|OB LB"),
        // Devices without such values are left out.
        ("flash", "Device|Life used\nmmcblk0pre eol code 2|30 %\nmtd0bad blocks 3|"),
        ("units", "Unit|CPU\nnginx.servicememory 64 MiB · tasks 26|–"),
        ("groups", "Group|CPU\nwebmemory 1.0 KiB · processes 2|–"),
        ("sensors", "Sensors|Now\nbme280 · pressure|999 hPa\n28-0316a2795bff|-2.6 °C"),
        ("radio", "Radio|Now\nwlan0stations 1|-81 dBm\ncdc-wdm0state 11 · connections 1|62 %"),
        ("links", "Links|Now\nipv4|12\ndownrate 12 MiB|6.3 dB\nallbudget 77 W|9.5 W\nlan1|4.25 W"),
        (
            "connections",
            "Connections|Now\n0fill 5.0 % · connections 3,300|5.0 %\n\
             7fill 93 % · connections 61,000|93 %",
        ),
        ("stalls", "Stalls|Now\nmemorykind some · stall 200ms · window 2s · stalls 4|4"),
        (
            "peaks",
            "Peaks|Now\nallcpu 87 % · tasks 5 · memory 64 MiB · window 1 min 0 s|87 %\n\
             eth0receive 2.5 MB/s · transmit 1.0 kB/s|2.5 MB/s",
        ),
        ("kernel_log", "Kernel log|Now\nemergmessages 0|0\ncritmessages 1|1\nerrmessages 20|20"),
    ] {
        assert_eq!(browser.text(&rows(part)), expected, "{part}");
    }
    let status = |part: &str| format!("document.querySelector('#{part} dl').textContent");
    assert_eq!(
        browser.text(&status("starts")),
        "starts7after unclean ends2last end uncleanyescausewatchdogsupply too weakyes"
    );
    assert_eq!(browser.text(&status("clock")), "synchronisedyesoffset−0.50 msstratum3");
    let notes = browser.text("document.getElementById('health').textContent");
    for note in [
        "flash mmcblk0: life used 30 % · pre eol code 2",
        "UPS <b>rack</b>: ",
        "supply: ",
        "Connections 7: ",
        "Kernel log crit: ",
    ] {
        assert!(notes.contains(note), "{note}: {notes}");
    }
    let pushes =
        browser.text("document.querySelector('#pushes dl').innerText.replace(/\\n+/g, '|')");
    assert_eq!(pushes, "Series|2|Metrics|1|Accepted|1,234,567|Refused: <img src=x>|3");
    assert_eq!(
        browser.evaluate("document.querySelector('td img, th script, i:not([class])')"),
        Json::Null
    );
    assert_fits_everywhere(&mut browser, "all", &shots);
    assert_announced(&mut browser);
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Load, temperature, uptime and file systems; what was not read has no row.
#[test]
fn the_box_is_described_as_far_as_it_is_known() {
    let rows = "document.querySelector('#host dl').innerText.replace(/\\n+/g, '|')";
    let mounts = "[...document.querySelectorAll('#filesystems tbody tr')]\
        .map(tr => tr.cells[0].firstChild.textContent).join(' ')";
    let used = "[...document.querySelectorAll('#filesystems tbody td:last-child')]\
        .every(td => /^(\\d.* %|–)$/.test(td.textContent))";
    let load = "[...document.querySelectorAll('#cpu tbody td')].map(td => td.innerText).join()";
    let sensors = "[...document.querySelectorAll('#temperatures tbody tr')]\
        .map(tr => [...tr.cells].map(c => c.innerText).join('|')).join('\\n')";
    let mut browser = Browser::start();
    let agent = Agent::plan().machine("box").start();
    open(&mut browser, &agent);
    let host = browser.text(rows);
    assert!(host.contains("|Uptime|"), "{host}");
    assert_eq!(browser.text(load), "0.42,1.17,2.68");
    let status = browser.text(sensors);
    for sensor in ["Core 0)|–|46.3 °C", "Package id 0)|100 °C|47.5 °C", "zone1|–|51.0 °C"] {
        assert!(status.contains(sensor), "{sensor}: {status}");
    }
    // What lies in memory and what cannot be asked comes last.
    let all = browser.text(mounts);
    assert!(all.starts_with("/ /boot /run /run/lock /boot/efi "), "{all}");
    let folded = "document.querySelector('#filesystems summary').textContent";
    assert_eq!(browser.text(folded), "8 more");
    assert_eq!(browser.evaluate(used), Json::Bool(true));
    let agent = Agent::plan().machine("missing").start();
    open(&mut browser, &agent);
    let host = browser.text(rows);
    assert!(!host.contains("|Uptime|"), "{host}");
    assert_eq!(browser.text(load), "");
    for part in ["filesystems", "temperatures"] {
        let seen = format!("document.getElementById('{part}').getClientRects().length");
        assert_eq!(number(&mut browser, &seen), 0.0, "{part}");
    }
    assert_eq!(browser.complaints(), [""; 0]);
}
