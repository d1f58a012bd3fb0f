//! Calls to the NFS server: `/proc/net/rpc/nfsd`, lines of a key and numbers (fs/nfsd/stats.c,
//! net/sunrpc/stats.c; since 2.2): `rc` the reply cache, `fh` file handles, `io` bytes, `th` threads, `ra`
//! the read-ahead cache (until 5.4), `net` and `rpc` as for the client, but with bad calls, `proc2` and
//! `proc3` calls of each procedure, `proc4ops` of each operation of NFSv4, `wdeleg_getattr` its callbacks
//! (since 6.6). Values that a kernel does not have have no sample. The file exists while the server's module is
//! loaded.

use super::lines::{Line, LinesOf, Numbers};
use super::{Collector, Setup, Spec};
use crate::model::metric::{Family, Unit::One, counter, families, gauge};
use crate::settings::Subject;

const PATH: &str = "/proc/net/rpc/nfsd";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 14] = families![
    counter("nfsd_reply_cache_hits_total",    One, "Calls answered from the reply cache.",               &[]),
    counter("nfsd_reply_cache_misses_total",  One, "Calls whose answers went into the reply cache.",     &[]),
    counter("nfsd_reply_cache_nocache_total", One, "Calls that need no reply cache.",                    &[]),
    counter("nfsd_file_handles_stale_total",  One, "File handles that were stale.",                      &[]),
    counter("nfsd_disk_bytes_read_total",     One, "Bytes read from files.",                             &[]),
    counter("nfsd_disk_bytes_written_total",  One, "Bytes written to files.",                            &[]),
    gauge("nfsd_server_threads",              One, "Threads of the server.",                             &[]),
    gauge("nfsd_read_ahead_cache_size_blocks",       One, "Entries of the read-ahead cache.",            &[]),
    counter("nfsd_read_ahead_cache_not_found_total", One, "Reads that were not in the read-ahead cache.", &[]),
    counter("nfsd_packets_total",             One, "Packets received, by protocol.",                     &["proto"]),
    counter("nfsd_connections_total",         One, "TCP connections accepted.",                          &[]),
    counter("nfsd_rpc_errors_total",          One, "Calls that were bad, by reason.",                    &["error"]),
    counter("nfsd_server_rpcs_total",         One, "Remote procedure calls.",                            &[]),
    counter("nfsd_requests_total",            One, "Calls, by version of NFS and procedure.",            &["proto", "method"]),
];

const REQUESTS: &Family<'static> = &FAMILIES[13];

#[rustfmt::skip] // a table: one row is one line of the file
static LINES: [Line; 11] = [
    Line { key: "rc", numbers: Numbers::Each(&[
        (0, &FAMILIES[0], &[]),
        (1, &FAMILIES[1], &[]),
        (2, &FAMILIES[2], &[]),
    ]) },
    Line { key: "fh",  numbers: Numbers::Each(&[(0, &FAMILIES[3], &[])]) },
    Line { key: "io",  numbers: Numbers::Each(&[(0, &FAMILIES[4], &[]), (1, &FAMILIES[5], &[])]) },
    Line { key: "th",  numbers: Numbers::Each(&[(0, &FAMILIES[6], &[])]) },
    Line { key: "ra",  numbers: Numbers::Each(&[(0, &FAMILIES[7], &[]), (11, &FAMILIES[8], &[])]) },
    Line { key: "net", numbers: Numbers::Each(&[
        (1, &FAMILIES[9], &["udp"]),
        (2, &FAMILIES[9], &["tcp"]),
        (3, &FAMILIES[10], &[]),
    ]) },
    Line { key: "rpc", numbers: Numbers::Each(&[
        (0, &FAMILIES[12], &[]),
        (2, &FAMILIES[11], &["fmt"]),
        (3, &FAMILIES[11], &["auth"]),
        (4, &FAMILIES[11], &["cInt"]),
    ]) },
    Line { key: "proc2",          numbers: Numbers::Procedures(REQUESTS, "2", PROCEDURES_2) },
    Line { key: "proc3",          numbers: Numbers::Procedures(REQUESTS, "3", PROCEDURES_3) },
    Line { key: "proc4ops",       numbers: Numbers::Procedures(REQUESTS, "4", OPERATIONS_4) },
    Line { key: "wdeleg_getattr", numbers: Numbers::Each(&[(0, REQUESTS, &["4", "WdelegGetattr"])]) },
];

/// Calls that do nothing are not shown.
const PROCEDURES_2: &str = "\
    - GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink \
    MkDir RmDir ReadDir FsStat";
const PROCEDURES_3: &str = "\
    - GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir \
    Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit";
/// Three numbers that no operation has come first; PUTPUBFH and PUTROOTFH are not shown, as in
/// node_exporter.
const OPERATIONS_4: &str = "\
    - - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku \
    Lookup LookupRoot Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink \
    Remove Rename Renew RestoreFH SaveFH SecInfo SetAttr SetClientID SetClientIDConfirm Verify \
    Write RelLockOwner";

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "nfsd",
        node_name: "nfsd",
        on: true,
        help: "calls to the NFS server, from /proc/net/rpc/nfsd",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(LinesOf::new(setup, PATH, &LINES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    const TEXT: &str = "rc 1 6 18622\nfh 3 0 0 0 0\nio 157286400 72864\n\
        th 8 0 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000\n\
        ra 32 0 0 0 0 0 0 0 0 0 0 11\nnet 972 55 917 2\nrpc 18628 33 34 35 36\n\
        proc2 3 7 69 70\nproc4 2 2 10853\nproc4ops 6 90 91 92 1098 2 4\nwdeleg_getattr 15\n";

    #[test]
    fn every_number_has_its_place() {
        let tree = Tree::new("nfsd");
        tree.put("proc/net/rpc/nfsd", TEXT);
        let expected = [
            "nfsd_reply_cache_hits_total 1",
            "nfsd_reply_cache_misses_total 6",
            "nfsd_reply_cache_nocache_total 18622",
            "nfsd_file_handles_stale_total 3",
            "nfsd_disk_bytes_read_total 157286400",
            "nfsd_disk_bytes_written_total 72864",
            "nfsd_server_threads 8",
            "nfsd_read_ahead_cache_size_blocks 32",
            "nfsd_read_ahead_cache_not_found_total 11",
            r#"nfsd_packets_total{proto="tcp"} 917"#,
            r#"nfsd_packets_total{proto="udp"} 55"#,
            "nfsd_connections_total 2",
            r#"nfsd_rpc_errors_total{error="auth"} 35"#,
            r#"nfsd_rpc_errors_total{error="cInt"} 36"#,
            r#"nfsd_rpc_errors_total{error="fmt"} 34"#,
            "nfsd_server_rpcs_total 18628",
            r#"nfsd_requests_total{proto="2",method="GetAttr"} 69"#,
            r#"nfsd_requests_total{proto="2",method="SetAttr"} 70"#,
            r#"nfsd_requests_total{proto="4",method="Access"} 1098"#,
            r#"nfsd_requests_total{proto="4",method="Close"} 2"#,
            r#"nfsd_requests_total{proto="4",method="Commit"} 4"#,
            r#"nfsd_requests_total{proto="4",method="WdelegGetattr"} 15"#,
        ];
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut nfsd = tree.open(&SPEC, dialect, &[]);
            let expected = expected.map(String::from).to_vec();
            assert_eq!(scrape(&mut nfsd, dialect, &["nfsd"]), (expected, 0));
        }
    }

    #[test]
    fn lines_that_are_cut_give_what_they_have() {
        let tree = Tree::new("nfsd-cut");
        tree.put("proc/net/rpc/nfsd", "rc 1 x 3\nio\nrpc 5\nth -1\nproc3");
        let mut nfsd = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            "nfsd_reply_cache_hits_total 1",
            "nfsd_reply_cache_nocache_total 3",
            "nfsd_server_rpcs_total 5",
        ];
        assert_eq!(
            scrape(&mut nfsd, Dialect::Node, &["nfsd"]),
            (expected.map(String::from).to_vec(), 3)
        );
    }
}
