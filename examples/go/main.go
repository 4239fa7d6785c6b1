// An API on net/http that lets a request pass if Latchkey says that its key may.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

var client = http.Client{Timeout: 2 * time.Second}
var statuses = map[string]int{"IP_NOT_ALLOWED": 403, "NO_CLIENT_ADDRESS": 403, "DISABLED": 403, "OWNER_DISABLED": 403, "THROTTLED": 429}

func requireKey(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ip, _, _ := net.SplitHostPort(r.RemoteAddr) // behind a proxy: what the proxy says, if it is yours
		body, _ := json.Marshal(map[string]string{"key": r.Header.Get("X-API-Key"), "client_ip": ip})
		ask, _ := http.NewRequest("POST", os.Getenv("LATCHKEY_URL")+"/v1/verify", bytes.NewReader(body))
		ask.Header = http.Header{"Authorization": {"Bearer " + os.Getenv("GATEWAY_TOKEN")}, "Content-Type": {"application/json"}}
		var verdict map[string]any
		answer, err := client.Do(ask)
		if err == nil {
			defer answer.Body.Close()
		}
		if err != nil || answer.StatusCode != 200 || json.NewDecoder(answer.Body).Decode(&verdict) != nil {
			log.Print("Latchkey gave no verdict: ", err, answer)
			http.Error(w, "Try again.", 503)
		} else if code, _ := verdict["code"].(string); verdict["valid"] == true {
			next.ServeHTTP(w, r)
		} else if status := statuses[code]; status != 0 {
			http.Error(w, "This key may not be used here.", status)
		} else {
			http.Error(w, "This key may not be used here.", 401)
		}
	})
}

func main() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("hello\n")) })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), requireKey(hello)))
}
