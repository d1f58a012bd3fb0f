use super::*;

fn tcp() -> Listen {
    Listen::Tcp("127.0.0.1".to_owned(), 0)
}

fn addresses(listeners: &[Listener]) -> Vec<String> {
    listeners.iter().map(|l| l.address().to_owned()).collect()
}

#[test]
fn a_failed_change_leaves_all_listeners_as_they_were() {
    let name = ["listen-", &std::process::id().to_string(), ".sock"].concat();
    let unix = Listen::Unix(env::temp_dir().join(name));
    let mut listeners = Vec::new();
    let access = SocketAccess::default();
    change(&mut listeners, &[unix.clone(), tcp()], &access).unwrap();
    let before = addresses(&listeners);
    assert_eq!(before.len(), 2);
    let access = SocketAccess { group: "no such group".to_owned(), ..access };
    // The TCP socket would be closed, but the group of the one that stays cannot be set.
    let error = change(&mut listeners, &[unix], &access).unwrap_err().to_string();
    assert!(error.contains("socket_group no such group"), "{error}");
    assert_eq!(addresses(&listeners), before);
}

#[test]
fn an_error_says_what_to_do() {
    let about = |address: &str, kind| advice(&Listen::parse(address).unwrap(), kind);
    let (denied, used) = (io::ErrorKind::PermissionDenied, io::ErrorKind::AddrInUse);
    assert!(about(":80", denied).contains("CAP_NET_BIND_SERVICE"));
    assert_eq!(about(":9101", denied), "");
    assert!(about(":9101", used).contains("another program"));
    assert!(about("unix:/", used).contains("not a socket: remove it"));
    assert!(about("unix:/no/s", io::ErrorKind::NotFound).contains("its directory has to exist"));
    let unknown = about("192.0.2.1:9101", io::ErrorKind::AddrNotAvailable);
    assert!(unknown.contains("no interface has this address"));
}

#[test]
fn a_socket_file_that_another_program_bound_stays() {
    let name = format!("sysmetrics-rebound-{}.sock", std::process::id());
    let path = env::temp_dir().join(name);
    let mut listeners = Vec::new();
    let wanted = [Listen::Unix(path.clone())];
    change(&mut listeners, &wanted, &SocketAccess::default()).unwrap();
    fs::remove_file(&path).unwrap();
    let other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    drop(listeners);
    assert!(path.exists());
    drop(other);
    let mut listeners = Vec::new();
    change(&mut listeners, &wanted, &SocketAccess::default()).unwrap();
    drop(listeners);
    assert!(!path.exists(), "its own is removed");
}
