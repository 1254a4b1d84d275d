use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// Fewest bytes that a client must take per [`PatientStream::stall`] while bytes wait for it.
const PROGRESS: usize = 32 * 1024;
/// Longest time and most bytes spent on reading what a client still sends after we have closed.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// A TCP stream whose client must take what is written to it, and which closes so that the
/// client can read the last response.
///
/// Closing a socket with unread bytes resets it, and the reset overtakes what was written: a
/// client whose upload was refused would see a broken connection instead of the refusal. So
/// closing first ends our side, then reads on for a moment.
pub(super) struct PatientStream {
    inner: TcpStream,
    stall: Duration,
    /// Runs while the client is behind; with the bytes it took meanwhile.
    behind: Option<(Pin<Box<Sleep>>, usize)>,
    lingering: Option<(Pin<Box<Sleep>>, usize)>,
}

impl PatientStream {
    pub(super) fn new(inner: TcpStream, stall: Duration) -> Self {
        Self {
            inner,
            stall,
            behind: None,
            lingering: None,
        }
    }

    /// Judges the result of a write.
    fn paced(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => {
                let stall = self.stall;
                let (timer, _) = self
                    .behind
                    .get_or_insert_with(|| (Box::pin(sleep(stall)), 0));
                ready!(timer.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Ok(count)) => {
                if let Some((_, taken)) = &mut self.behind {
                    *taken += count;
                    if *taken >= PROGRESS {
                        self.behind = None;
                    }
                }
                Poll::Ready(Ok(count))
            }
            failed => failed,
        }
    }

    /// Reads and forgets until the client closes too, or has had its time.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (timer, budget) = self
            .lingering
            .get_or_insert_with(|| (Box::pin(sleep(LINGER)), LINGER_BYTES));
        let mut buffer = [0; 8 * 1024];
        loop {
            if *budget == 0 || timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut unread = ReadBuf::new(&mut buffer);
            match ready!(Pin::new(&mut self.inner).poll_read(cx, &mut unread)) {
                Ok(()) if !unread.filled().is_empty() => {
                    *budget = budget.saturating_sub(unread.filled().len());
                }
                _ => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for PatientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for PatientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.paced(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, pieces);
        self.paced(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(cx));
        // Nothing waits any more, so nobody is behind.
        self.behind = None;
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
        }
        ready!(self.poll_linger(cx));
        Poll::Ready(Ok(()))
    }
}
