//! Calls of the NFS client: `/proc/net/rpc/nfs`, lines of a key and numbers: `net` (packets, of them by UDP
//! and by TCP, connections), `rpc` (calls, retransmissions, refreshes of credentials), and `proc2`, `proc3`
//! and `proc4`: how many procedures there are and how often each was called (fs/nfs/proc.c,
//! fs/nfs/nfs4proc.c, net/sunrpc/stats.c; since 2.2). Procedures that a kernel does not have yet have no
//! sample. The file is there while the client's module is loaded.

use super::lines::{Line, LinesOf, Numbers};
use super::{Collector, Setup, Spec};
use crate::model::metric::{Family, Unit::One, counter, families};
use crate::settings::Subject;

const PATH: &str = "/proc/net/rpc/nfs";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 6] = families![
    counter("nfs_packets_total",                      One, "Packets sent and received, by protocol.",      &["protocol"]),
    counter("nfs_connections_total",                  One, "TCP connections made.",                        &[]),
    counter("nfs_rpcs_total",                         One, "Remote procedure calls.",                      &[]),
    counter("nfs_rpc_retransmissions_total",          One, "Calls that were sent again.",                  &[]),
    counter("nfs_rpc_authentication_refreshes_total", One, "Credentials that were refreshed.",             &[]),
    counter("nfs_requests_total",                     One, "Calls, by version of NFS and procedure.",      &["proto", "method"]),
];

const REQUESTS: &Family<'static> = &FAMILIES[5];

#[rustfmt::skip] // a table: one row is one line of the file
static LINES: [Line; 5] = [
    Line { key: "net", numbers: Numbers::Each(&[
        (1, &FAMILIES[0], &["udp"]),
        (2, &FAMILIES[0], &["tcp"]),
        (3, &FAMILIES[1], &[]),
    ]) },
    Line { key: "rpc", numbers: Numbers::Each(&[
        (0, &FAMILIES[2], &[]),
        (1, &FAMILIES[3], &[]),
        (2, &FAMILIES[4], &[]),
    ]) },
    Line { key: "proc2", numbers: Numbers::Procedures(REQUESTS, "2", PROCEDURES_2) },
    Line { key: "proc3", numbers: Numbers::Procedures(REQUESTS, "3", PROCEDURES_3) },
    Line { key: "proc4", numbers: Numbers::Procedures(REQUESTS, "4", PROCEDURES_4) },
];

const PROCEDURES_2: &str = "\
    Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link \
    SymLink MkDir RmDir ReadDir FsStat";
const PROCEDURES_3: &str = "\
    Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove \
    RmDir Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit";
const PROCEDURES_4: &str = "\
    Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew \
    SetClientID SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove \
    Rename Link Symlink Create Pathconf StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL \
    SetACL FsLocations ReleaseLockowner Secinfo FsidPresent ExchangeID CreateSession \
    DestroySession Sequence GetLeaseTime ReclaimComplete GetDeviceInfo LayoutGet LayoutCommit \
    LayoutReturn SecinfoNoName TestStateID FreeStateID GetDeviceList BindConnToSession \
    DestroyClientID Seek Allocate DeAllocate LayoutStats Clone";

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "nfs",
        node_name: "nfs",
        on: true,
        help: "calls of the NFS client, from /proc/net/rpc/nfs",
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

    #[test]
    fn every_number_has_its_procedure() {
        let tree = Tree::new("nfs");
        let text = "net 70 71 69 45\nrpc 18 37 15\nproc3 3 22 0 1061\nproc4 2 1 2";
        tree.put("proc/net/rpc/nfs", text);
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut nfs = tree.open(&SPEC, dialect, &[]);
            let expected = [
                r#"nfs_packets_total{protocol="tcp"} 69"#,
                r#"nfs_packets_total{protocol="udp"} 71"#,
                "nfs_connections_total 45",
                "nfs_rpcs_total 18",
                "nfs_rpc_retransmissions_total 37",
                "nfs_rpc_authentication_refreshes_total 15",
                r#"nfs_requests_total{proto="3",method="GetAttr"} 0"#,
                r#"nfs_requests_total{proto="3",method="Null"} 22"#,
                r#"nfs_requests_total{proto="3",method="SetAttr"} 1061"#,
                r#"nfs_requests_total{proto="4",method="Null"} 1"#,
                r#"nfs_requests_total{proto="4",method="Read"} 2"#,
            ];
            let expected = expected.map(String::from).to_vec();
            for _ in 0..2 {
                assert_eq!(scrape(&mut nfs, dialect, &["nfs"]), (expected.clone(), 0));
            }
        }
    }

    #[test]
    fn a_bad_number_drops_its_sample_and_a_missing_file_is_no_error() {
        let tree = Tree::new("nfs-bad");
        tree.put("proc/net/rpc/nfs", "rpc 18 -3\nrpc 19 20 21\n\nother 1\nproc2 2 1e3 5\nnet\n");
        let mut nfs = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            "nfs_rpcs_total 18",
            "nfs_rpc_retransmissions_total 20",
            "nfs_rpc_authentication_refreshes_total 21",
            r#"nfs_requests_total{proto="2",method="GetAttr"} 5"#,
        ];
        assert_eq!(
            scrape(&mut nfs, Dialect::Node, &["nfs"]),
            (expected.map(String::from).to_vec(), 2)
        );
        tree.remove("proc/net/rpc/nfs");
        assert!(tree.open(&SPEC, Dialect::Node, &[]).is_unsupported());
    }
}
