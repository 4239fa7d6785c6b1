//! What one source may hold, and when it gives it back.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_page_that_nobody_fetches_holds_its_place_and_comes_back_in_time() {
    // With a window of 1 byte HTTP/2 has taken the whole page, and has it still.
    for window in [0, 1] {
        let hall = Hall::open();
        let (client, _serving) = hall.connect_as(stranger());
        let requests = http2(client, window).await;
        let mut answers = Vec::new();
        for _ in 0..20 {
            answers.push(get_over(&requests, "/page").await.await.unwrap());
        }
        let taken = || hall.front.traffic.sources.held(Pool::Pages);
        sleep(Duration::from_secs(100)).await;
        assert_eq!(taken(), 20, "window {window}");
        sleep(Duration::from_secs(21)).await;
        assert_eq!(taken(), 0, "window {window}: the time of an answer is over");
        // A client that fetches its answer gives the place back at once, whatever else the connection does.
        let (client, _serving) = hall.connect_as(stranger());
        let requests = http2(client, 100_000).await;
        let mut body = get_over(&requests, "/page").await.await.unwrap().into_body();
        let mut length = 0;
        while let Some(data) = body.data().await {
            length += data.unwrap().len();
        }
        assert_eq!((length, taken()), (30_000, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_over_http1_holds_its_place_until_it_is_sent() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect_as(stranger());
    client.write_all(b"GET /page HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_secs(10)).await;
    let taken = || hall.front.traffic.sources.held(Pool::Pages);
    assert_eq!(taken(), 1);
    let mut answer = String::new();
    while answer.len() < 30_000 {
        let mut bytes = [0; 4096];
        let length = client.read(&mut bytes).await.unwrap();
        answer.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
    }
    sleep(Duration::from_secs(1)).await;
    assert!(answer.contains("content-length: 30000\r\n") && taken() == 0, "{}", taken());
    drop(client);
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_requests_of_one_source_have_their_share() {
    // Shares of 16 for one source and of 30 for all strangers.
    let hall = Hall::open_with(&[("max_connections", "40")]);
    let taken = || hall.front.traffic.sources.held(Pool::Requests);
    let mut waiting = Vec::new();
    let mut connections = Vec::new();
    for _ in 0..3 {
        let (client, _serving) = hall.connect_as(stranger());
        let requests = http2(client, 0).await;
        for _ in 0..10 {
            waiting.push(tokio::spawn(get_over(&requests, "/never").await));
        }
        connections.push(requests);
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(taken(), 16);
    let refused: Vec<_> = waiting.iter().filter(|answer| answer.is_finished()).collect();
    assert_eq!(refused.len(), 14);
    assert_eq!(hall.front.traffic.sources.over_share(Pool::Requests), 14);
    // Neither another source nor a gateway notices.
    for peer in [Peer::Address(Address::parse("203.0.113.67").unwrap()), Peer::Unix] {
        let (client, _serving) = hall.connect_as(peer);
        let requests = http2(client, 100).await;
        assert_eq!(get_over(&requests, "/").await.await.unwrap().status(), 200);
    }
    waiting.iter().for_each(JoinHandle::abort);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(taken(), 0, "what is given up is free");
}

#[tokio::test(start_paused = true)]
async fn one_source_has_its_share_of_the_connections() {
    let hall = Hall::open_with(&[("max_connections", "40")]);
    let guest = |last: u8| {
        let address = Address::parse(&format!("203.0.113.{last}")).unwrap();
        Guest::of_peer(&hall.front, Peer::Address(address))
    };
    let mut held: Vec<_> = (0..20).filter_map(|_| guest(66).ok()).collect();
    assert_eq!(held.len(), 16);
    held.extend((0..20).filter_map(|_| guest(67).ok()));
    assert_eq!(held.len(), 30, "of all strangers");
    assert!(guest(68).is_err());
    // Whom a proxy introduces has a share in what is kept for proxies.
    let proxy = Guest::of_peer(&hall.front, Peer::Unix).unwrap();
    let named = |last: u8| Some(ConnectionSource(Address::parse(&format!("203.0.113.{last}")).ok()));
    assert!(proxy.introduced_as(&hall.front, named(66)).is_err());
    let proxy = Guest::of_peer(&hall.front, Peer::Unix).unwrap();
    let named = proxy.introduced_as(&hall.front, named(68)).ok().unwrap();
    assert!(named.account().is_some(), "its requests are counted too");
    assert_eq!(hall.front.traffic.sources.held(Pool::Connections), 31);
    held.push(named);
    held.extend((0..20).filter_map(|_| Guest::of_peer(&hall.front, Peer::Unix).ok()));
    assert_eq!(held.len(), 40);
}
