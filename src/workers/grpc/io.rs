//! The I/O of h2: a socket that does not block, plain or with TLS, and one loop that polls
//! h2 again when the socket is ready. There is no runtime; only poll(2) waits.

use crate::base::sys::{Ready, poll};
use crate::workers::failure::{Failure, broken, left};
use std::future::Future;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Events to wait for besides input.
#[derive(Default)]
pub struct Signs {
    /// A task has more to do at once.
    woken: AtomicBool,
    /// The socket had no room.
    is_full: AtomicBool,
}

impl Wake for Signs {
    fn wake(self: Arc<Signs>) {
        self.woken.store(true, Relaxed);
    }
}

/// A socket that does not block.
pub struct Io {
    tcp: Arc<TcpStream>,
    #[cfg(feature = "tls")]
    tls: Option<rustls::ClientConnection>,
    signs: Arc<Signs>,
}

/// The waiting side of the socket.
#[derive(Clone)]
pub struct Waiter {
    tcp: Arc<TcpStream>,
    signs: Arc<Signs>,
}

impl Io {
    /// A connection without TLS.
    pub fn plain(tcp: TcpStream) -> io::Result<(Io, Waiter)> {
        tcp.set_nonblocking(true)?;
        let waiter = Waiter { tcp: Arc::new(tcp), signs: Arc::default() };
        let io = Io {
            tcp: Arc::clone(&waiter.tcp),
            #[cfg(feature = "tls")]
            tls: None,
            signs: Arc::clone(&waiter.signs),
        };
        Ok((io, waiter))
    }

    /// A connection after its handshake of TLS.
    #[cfg(feature = "tls")]
    pub fn tls(stream: crate::workers::tls::Stream) -> io::Result<(Io, Waiter)> {
        let (mut io, waiter) = Io::plain(stream.tcp)?;
        io.tls = Some(stream.connection);
        Ok((io, waiter))
    }

    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            loop {
                match tls.reader().read(to) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    done => return done,
                }
                tls.read_tls(&mut &*self.tcp)?;
                let processed = tls.process_new_packets();
                processed
                    .map_err(|error| io::Error::other(crate::workers::tls::refused(&error).text))?;
            }
        }
        (&*self.tcp).read(to)
    }

    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            // Everything earlier is sent first, so that TLS' buffer stays bounded.
            self.flush()?;
            return self.tls.as_mut().map_or(Ok(0), |tls| tls.writer().write(from));
        }
        (&*self.tcp).write(from)
    }

    fn flush(&mut self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                tls.write_tls(&mut &*self.tcp)?;
            }
        }
        Ok(())
    }

    /// Repeats interrupted operations; one that would block is pending.
    fn pending<T>(&mut self, mut op: impl FnMut(&mut Io) -> io::Result<T>) -> Poll<io::Result<T>> {
        loop {
            match op(self) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Poll::Pending,
                done => return Poll::Ready(done),
            }
        }
    }

    fn out<T>(&mut self, op: impl FnMut(&mut Io) -> io::Result<T>) -> Poll<io::Result<T>> {
        let done = self.pending(op);
        if done.is_pending() {
            self.signs.is_full.store(true, Relaxed);
        }
        done
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = to.initialize_unfilled();
        let read = self.pending(|io| io.read(room));
        // TLS may have something of its own to send.
        #[cfg(feature = "tls")]
        if let Poll::Ready(Err(error)) = self.out(Io::flush) {
            return Poll::Ready(Err(error));
        }
        read.map_ok(|n| to.advance(n))
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.out(|io| io.write(from))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.out(Io::flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl Waiter {
    /// Runs `work` to its end, and waits for the socket whenever it is pending.
    pub fn run<T>(
        &self,
        work: &mut dyn FnMut(&mut Context<'_>) -> Poll<T>,
        deadline: Instant,
        doing: &str,
    ) -> Result<T, Failure> {
        let waker = Waker::from(Arc::clone(&self.signs));
        let mut context = Context::from_waker(&waker);
        loop {
            let time = left(deadline, doing)?;
            self.signs.woken.store(false, Relaxed);
            self.signs.is_full.store(false, Relaxed);
            if let Poll::Ready(done) = work(&mut context) {
                return Ok(done);
            }
            if self.signs.woken.load(Relaxed) {
                continue;
            }
            let is_full = self.signs.is_full.load(Relaxed);
            let mut ready = [Ready::wait(self.tcp.as_fd(), true, is_full)];
            poll(&mut ready, Some(time)).map_err(|error| broken(&error, doing))?;
        }
    }

    /// Polls `work` once; `None` if it is pending.
    pub fn once<F: Future + Unpin>(&self, work: &mut F) -> Option<F::Output> {
        let waker = Waker::from(Arc::clone(&self.signs));
        match Pin::new(work).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }
}
