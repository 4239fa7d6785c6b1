//! What HTTP/2 alone makes possible: windows, streams, floods of frames.

use super::*;

#[tokio::test(start_paused = true)]
async fn http2_without_a_request_is_cut_as_a_late_head() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect();
    client.write_all(PREFACE).await.unwrap();
    serving.await.unwrap();
    assert_eq!((hall.seconds(), hall.front.traffic.late_heads.get()), (10, 1));
}

#[tokio::test(start_paused = true)]
async fn an_http2_client_that_gives_no_window_loses_its_answer() {
    let hall = Hall::open();
    let (client, serving) = hall.connect();
    let mut small = h2::client::Builder::new();
    small.initial_window_size(10);
    let (requests, connection) = small.handshake::<_, bytes::Bytes>(client).await.unwrap();
    tokio::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    let large = http::Request::get("http://x/large").body(()).unwrap();
    let (answer, _) = requests.send_request(large, true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap().len(), 10);
    assert!(body.data().await.unwrap().is_err());
    serving.await.unwrap();
    assert!((75..=76).contains(&hall.seconds()), "{}", hall.seconds());
}

#[tokio::test(start_paused = true)]
async fn a_strangers_connection_has_fewer_streams_than_a_gateways() {
    let hall = Hall::open();
    for (peer, streams) in [(stranger(), 32), (Peer::Unix, 200)] {
        let (client, _serving) = hall.connect_as(peer);
        assert_eq!(http2(client, 0).await.current_max_send_streams(), streams, "{peer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_frames_that_ask_for_nothing_ends_the_connection() {
    let ping: &[u8] = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
    let settings: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    let window: &[u8] = b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01";
    let priority: &[u8] = b"\0\0\x05\x02\0\0\0\0\x03\0\0\0\0\x10";
    for (frame, peer) in
        [(ping, stranger()), (settings, stranger()), (window, Peer::Unix), (priority, stranger())]
    {
        let hall = Hall::open();
        let (client, serving) = hall.connect_as(peer);
        let (mut read, mut write) = tokio::io::split(client);
        tokio::spawn(async move { while read.read(&mut [0; 4096]).await.is_ok_and(|length| length > 0) {} });
        write.write_all(PREFACE).await.unwrap();
        let mut sent = 0;
        while write.write_all(frame).await.is_ok() {
            sent += 1;
            assert!(sent < 10_000, "{frame:?}");
        }
        serving.await.unwrap();
        assert!(sent >= 380 && hall.front.traffic.floods.get() == 1, "{frame:?}: {sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_that_asks_beyond_its_streams_again_and_again_is_cut_off() {
    let hall = Hall::open();
    let (client, serving) = hall.connect_as(stranger());
    let (mut read, mut write) = tokio::io::split(client);
    tokio::spawn(async move { while read.read(&mut [0; 4096]).await.is_ok_and(|length| length > 0) {} });
    write.write_all(PREFACE).await.unwrap();
    // GET http://x/never, in the numbers of HPACK's own table.
    let block = b"\x82\x86\x04\x06/never\x01\x01x";
    let mut sent = 0_u32;
    loop {
        let stream = (2 * sent + 1).to_be_bytes();
        let frame = [&[0, 0, block.len() as u8, 1, 5][..], &stream, block].concat();
        if write.write_all(&frame).await.is_err() {
            break;
        }
        sent += 1;
        assert!(sent < 1000, "it may go on for ever");
    }
    serving.await.unwrap();
    assert!(sent >= 232, "{sent}");
}
