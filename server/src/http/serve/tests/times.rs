//! How long a head, a body, an answer and an idle connection may take.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_is_cut() {
    for sent in ["", "GET / HTTP/1.1\r\n", "PRI"] {
        let hall = Hall::open();
        let (mut client, serving) = hall.connect();
        client.write_all(sent.as_bytes()).await.unwrap();
        while client.write_all(b"x").await.is_ok() && !serving.is_finished() {
            sleep(Duration::from_secs(1)).await;
        }
        assert!((10..=11).contains(&hall.seconds()), "{sent:?}: {}", hall.seconds());
        assert_eq!(hall.front.traffic.late_heads.get(), 1, "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_may_pause_longer_than_a_head_may_take() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect();
    for _ in 0..3 {
        assert!(ask(&mut client).await.starts_with("HTTP/1.1 200"));
        sleep(Duration::from_secs(70)).await;
    }
    client.write_all(b"GET /").await.unwrap();
    serving.await.unwrap();
    assert_eq!(hall.seconds(), 220, "the next head has 10 seconds again");
    assert_eq!((hall.front.traffic.late_heads.get(), hall.front.traffic.idle_closed.get()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect();
    ask(&mut client).await;
    serving.await.unwrap();
    assert_eq!((hall.seconds(), hall.front.traffic.idle_closed.get()), (75, 1));
    assert_eq!(client.read(&mut [0; 64]).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_fetches_is_given_up() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect();
    client.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut fetched = 0;
    while !serving.is_finished() {
        fetched += client.read(&mut [0; 100]).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    assert!((190..=200).contains(&hall.seconds()), "{}", hall.seconds());
    assert!(fetched < 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_gets_the_whole_answer() {
    let hall = Hall::open();
    let (mut client, _serving) = hall.connect();
    client.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut fetched = 0;
    while fetched < 1 << 20 {
        let length = client.read(&mut [0; 4096]).await.unwrap();
        assert!(length > 0, "closed after {fetched} bytes and {} seconds", hall.seconds());
        fetched += length;
        sleep(Duration::from_millis(500)).await;
    }
    assert!(hall.seconds() > 120, "{}", hall.seconds());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_answered_and_the_connection_closed() {
    for head in ["content-length: 5", "transfer-encoding: chunked"] {
        let hall = Hall::open();
        let (mut client, serving) = hall.connect();
        let head = format!("POST /take HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        serving.await.unwrap();
        assert_eq!((hall.seconds(), hall.front.traffic.late_bodies.get()), (10, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_closes_what_is_idle_and_answers_what_is_in_flight() {
    let hall = Hall::open();
    let (mut idle, idling) = hall.connect();
    ask(&mut idle).await;
    let (_fresh, waiting) = hall.connect();
    let (mut busy, answering) = hall.connect();
    busy.write_all(b"POST /take HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\no").await.unwrap();
    sleep(Duration::from_secs(1)).await;
    hall.stop.cancel();
    idling.await.unwrap();
    waiting.await.unwrap();
    assert_eq!(hall.seconds(), 1);
    busy.write_all(b"k").await.unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    answering.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_came_just_before_the_stop_is_answered() {
    let hall = Hall::open();
    let (mut early, early_ended) = hall.connect();
    ask(&mut early).await;
    let (mut newcomer, newcomer_ended) = hall.connect();
    let (mut with_request, with_request_ended) = hall.connect();
    with_request.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let (_silent, silent_ended) = hall.connect();
    let stopped = Instant::now();
    hall.stop.cancel();
    early_ended.await.unwrap();
    assert_eq!(stopped.elapsed(), Duration::ZERO, "it was idle");
    let mut answer = String::new();
    with_request.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok"), "{answer}");
    with_request_ended.await.unwrap();
    sleep(Duration::from_millis(300)).await;
    let answer = ask(&mut newcomer).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    newcomer_ended.await.unwrap();
    silent_ended.await.unwrap();
    assert_eq!(stopped.elapsed(), Duration::from_millis(500), "and nobody is waited for longer");
}
