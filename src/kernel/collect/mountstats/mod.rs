//! NFS mounts, counted by the client: `/proc/self/mountstats`, a line `device … mounted on …` for each
//! mount, and below those of NFS lines `age:`, `bytes:`, `events:`, `xprt:` for each connection, and a line
//! for each operation of the protocol (nfs_show_stats of fs/nfs/super.c, net/sunrpc/stats.c; version 1.1
//! since 3.0). The address of the server is the option `addr` in `/proc/self/mountinfo`.
//!
//! Mounts of the same export share their counters and are shown once. Errors of operations are counted since
//! 5.3. A transport of UDP has no connections, and one of RDMA no queues: node_exporter shows 0 for these, and
//! so does this in its dialect. Of times and errors beyond 53 bits the lower 53 are shown, as there: some
//! kernels let them fall below zero.

mod mount;
mod mounts;
mod rows;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::kernel::read::FileId;
use crate::model::metric::{Family, Sink, Unit, counter, families, gauge};
use crate::settings::Subject;
use mounts::{Mounts, OPERATION, PATH, STATS, TRANSPORT};

const INFO: &str = "/proc/self/mountinfo";

const MOUNT: &[&str] = &["export", "protocol", "mountaddr"];
const POINT: &[&str] = &["export", "protocol", "mountaddr", "mountpoint"];
const CONNECTION: &[&str] = &["export", "protocol", "mountaddr", "transport"];
const CALL: &[&str] = &["export", "protocol", "mountaddr", "operation"];

/// One row for each number of a mount, of a transport and of an operation, in the order of the columns.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 1 + STATS + TRANSPORT + OPERATION] = families![
    gauge(  "mountstats_nfs_mountpoint_info",                  Unit::One, "Always 1; the labels say where the export is mounted.",  POINT),
    counter("mountstats_nfs_age_seconds_total",                Unit::One, "Time since the export was mounted.",               MOUNT),
    counter("mountstats_nfs_read_bytes_total",                 Unit::One, "Bytes that programs read.",                        MOUNT),
    counter("mountstats_nfs_write_bytes_total",                Unit::One, "Bytes that programs wrote.",                       MOUNT),
    counter("mountstats_nfs_direct_read_bytes_total",          Unit::One, "Bytes that programs read past the cache.",         MOUNT),
    counter("mountstats_nfs_direct_write_bytes_total",         Unit::One, "Bytes that programs wrote past the cache.",        MOUNT),
    counter("mountstats_nfs_total_read_bytes_total",           Unit::One, "Bytes read from the server.",                      MOUNT),
    counter("mountstats_nfs_total_write_bytes_total",          Unit::One, "Bytes written to the server.",                     MOUNT),
    counter("mountstats_nfs_read_pages_total",                 Unit::One, "Pages read for mapped files.",                     MOUNT),
    counter("mountstats_nfs_write_pages_total",                Unit::One, "Pages written for mapped files.",                  MOUNT),
    counter("mountstats_nfs_event_inode_revalidate_total",     Unit::One, "Times that kept attributes were checked.",         MOUNT),
    counter("mountstats_nfs_event_dnode_revalidate_total",     Unit::One, "Times that kept names were checked.",              MOUNT),
    counter("mountstats_nfs_event_data_invalidate_total",      Unit::One, "Times that kept data was dropped.",                MOUNT),
    counter("mountstats_nfs_event_attribute_invalidate_total", Unit::One, "Times that kept attributes were dropped.",         MOUNT),
    counter("mountstats_nfs_event_vfs_open_total",             Unit::One, "Files and directories opened.",                    MOUNT),
    counter("mountstats_nfs_event_vfs_lookup_total",           Unit::One, "Names looked up.",                                 MOUNT),
    counter("mountstats_nfs_event_vfs_access_total",           Unit::One, "Permissions checked.",                             MOUNT),
    counter("mountstats_nfs_event_vfs_update_page_total",      Unit::One, "Pages updated.",                                   MOUNT),
    counter("mountstats_nfs_event_vfs_read_page_total",        Unit::One, "Pages read one by one.",                           MOUNT),
    counter("mountstats_nfs_event_vfs_read_pages_total",       Unit::One, "Groups of pages read.",                            MOUNT),
    counter("mountstats_nfs_event_vfs_write_page_total",       Unit::One, "Pages written one by one.",                        MOUNT),
    counter("mountstats_nfs_event_vfs_write_pages_total",      Unit::One, "Groups of pages written.",                         MOUNT),
    counter("mountstats_nfs_event_vfs_getdents_total",         Unit::One, "Times that a directory was listed.",               MOUNT),
    counter("mountstats_nfs_event_vfs_setattr_total",          Unit::One, "Times that attributes were set.",                  MOUNT),
    counter("mountstats_nfs_event_vfs_flush_total",            Unit::One, "Times that writes were flushed.",                  MOUNT),
    counter("mountstats_nfs_event_vfs_fsync_total",            Unit::One, "Calls of fsync.",                                  MOUNT),
    counter("mountstats_nfs_event_vfs_lock_total",             Unit::One, "Attempts to lock a file.",                         MOUNT),
    counter("mountstats_nfs_event_vfs_file_release_total",     Unit::One, "Files closed.",                                    MOUNT),
    counter("mountstats_nfs_event_truncation_total",           Unit::One, "Files truncated.",                                 MOUNT),
    counter("mountstats_nfs_event_write_extension_total",      Unit::One, "Writes that made a file longer.",                  MOUNT),
    counter("mountstats_nfs_event_silly_rename_total",         Unit::One, "Files removed while they were open.",              MOUNT),
    counter("mountstats_nfs_event_short_read_total",           Unit::One, "Reads that the server answered with less.",        MOUNT),
    counter("mountstats_nfs_event_short_write_total",          Unit::One, "Writes that the server took less of.",             MOUNT),
    counter("mountstats_nfs_event_jukebox_delay_total",        Unit::One, "Times that the server asked to come back later.",  MOUNT),
    counter("mountstats_nfs_event_pnfs_read_total",            Unit::One, "Reads by pNFS.",                                   MOUNT),
    counter("mountstats_nfs_event_pnfs_write_total",           Unit::One, "Writes by pNFS.",                                  MOUNT),
    counter("mountstats_nfs_transport_bind_total",             Unit::One, "Times that a local port was bound.",               CONNECTION),
    counter("mountstats_nfs_transport_connect_total",          Unit::One, "Connections made.",                                CONNECTION),
    gauge(  "mountstats_nfs_transport_idle_time_seconds",      Unit::One, "Time since the last traffic.",                     CONNECTION),
    counter("mountstats_nfs_transport_sends_total",            Unit::One, "Requests sent.",                                   CONNECTION),
    counter("mountstats_nfs_transport_receives_total",         Unit::One, "Responses received.",                              CONNECTION),
    counter("mountstats_nfs_transport_bad_transaction_ids_total", Unit::One, "Responses to no request.",                      CONNECTION),
    counter("mountstats_nfs_transport_backlog_queue_total",    Unit::One, "Length of the backlog, added up at each request.", CONNECTION),
    gauge(  "mountstats_nfs_transport_maximum_rpc_slots",      Unit::One, "Requests at once, at most so far.",                CONNECTION),
    counter("mountstats_nfs_transport_sending_queue_total",    Unit::One, "Length of the sending queue, added up at each request.", CONNECTION),
    counter("mountstats_nfs_transport_pending_queue_total",    Unit::One, "Length of the pending queue, added up at each request.", CONNECTION),
    counter("mountstats_nfs_operations_requests_total",        Unit::One, "Requests of the operation.",                       CALL),
    counter("mountstats_nfs_operations_transmissions_total",   Unit::One, "Transmissions of requests, again ones included.",  CALL),
    counter("mountstats_nfs_operations_major_timeouts_total",  Unit::One, "Requests that had a major timeout.",               CALL),
    counter("mountstats_nfs_operations_sent_bytes_total",      Unit::One, "Bytes sent, headers included.",                    CALL),
    counter("mountstats_nfs_operations_received_bytes_total",  Unit::One, "Bytes received, headers included.",                CALL),
    counter("mountstats_nfs_operations_queue_time_seconds_total",    Unit::Millis, "Time that requests waited to be sent.",   CALL),
    counter("mountstats_nfs_operations_response_time_seconds_total", Unit::Millis, "Time from transmission to response.",     CALL),
    counter("mountstats_nfs_operations_request_time_seconds_total",  Unit::Millis, "Time from the queue to the end.",         CALL),
    counter("mountstats_nfs_operations_errors_total",          Unit::One, "Requests that ended with an error.",               CALL).only_own(),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "mountstats",
        node_name: "mountstats",
        on: false,
        help: "NFS mounts, from /proc/self/mountstats",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Mountstats {
        stats: setup.files.mounts(PATH),
        info: setup.files.mounts(INFO),
        mounts: Mounts::new(setup.dialect == Dialect::Node),
    })
}

struct Mountstats {
    stats: FileId,
    info: FileId,
    mounts: Mounts,
}

impl Collector for Mountstats {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let info = errors.unless_absent(files.read(self.info)).unwrap_or_default();
        self.mounts.begin(info);
        self.mounts.take(files.read(self.stats)?, errors);
        let mut families = FAMILIES.iter();
        if let Some(info) = families.next() {
            self.mounts.write_points(info, out);
        }
        for (column, family) in families.by_ref().take(STATS).enumerate() {
            self.mounts.stats.write(column, family, out);
        }
        for (column, family) in families.by_ref().take(TRANSPORT).enumerate() {
            self.mounts.transports.write(column, family, out);
        }
        for (column, family) in families.enumerate() {
            self.mounts.operations.write(column, family, out);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
