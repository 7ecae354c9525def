package httpapi_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/httpapi"
	"github.com/ksqlgo/ksql/store"
)

// bounded is a server whose large requests and answers may hold so many bytes.
func bounded(t *testing.T, bytes int64) (*httptest.Server, http.Handler) {
	t.Helper()
	s := serve(t, false)
	s.must(kilns)
	h := httpapi.New(s.e, httpapi.WithBuffers(bytes))
	outer := httptest.NewUnstartedServer(h)
	outer.Config.ConnState = func(c net.Conn, to http.ConnState) { // else the system may take a whole answer
		if to == http.StateNew {
			if err := c.(*net.TCPConn).SetWriteBuffer(4 << 10); err != nil {
				t.Error(err)
			}
		}
	}
	outer.Start()
	t.Cleanup(func() {
		outer.CloseClientConnections()
		outer.Close()
		if n := httpapi.Held(h); n != 0 {
			t.Errorf("%d bytes are held for nobody", n)
		}
	})
	return outer, h
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	resp, err := http.Post(url, "", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

const tooLarge = `{"@type":"generic_error","error_code":42900,"message":"The request or its answer is too large: ask for less at once"}`

// TestBuffers refuses what cannot be held, before it is held.
func TestBuffers(t *testing.T) {
	s, _ := bounded(t, 2<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	// One request of 130 KB, whose answer would have 100 MB.
	if code, got := post(t, s.URL+"/ksql", `{"ksql":"`+strings.Repeat("SHOW PROPERTIES;", 8000)+`"}`); code != 429 || got != tooLarge {
		t.Errorf("got %d %.200s", code, got)
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 200 {
		t.Errorf("%d MB for a request that is refused", n)
	}
	for _, path := range []string{"/ksql", "/query", "/query-stream", "/close-query", "/ksql/terminate"} {
		if code, got := post(t, s.URL+path, `{"ksql":"`+strings.Repeat(" ", 3<<20)+`"}`); code != 429 || got != tooLarge {
			t.Errorf("%s: got %d %.200s", path, code, got)
		}
	}
	// What fits goes on, and as often as one likes.
	for range 5 {
		if code, got := post(t, s.URL+"/ksql", `{"ksql":"SHOW TYPES; /*`+strings.Repeat("x", 80<<10)+`*/"}`); code != 200 || !strings.HasPrefix(got, `[{"@type":"type_list"`) {
			t.Errorf("got %d %.200s", code, got)
		}
		if code, got := post(t, s.URL+"/ksql", `{"ksql":"`+strings.Repeat("SHOW PROPERTIES;", 20)+`"}`); code != 200 || len(got) < 100<<10 || !strings.HasSuffix(got, "]") || strings.Count(got, `"@type":"properties"`) != 20 {
			t.Errorf("got %d, %d bytes, %.200s", code, len(got), got)
		}
	}
}

// TestSilentRequests bounds what clients hold that begin large requests and go no further, or do not read large
// answers; small requests of others are answered all the while.
func TestSilentRequests(t *testing.T) {
	const most = 8 << 20
	for name, request := range map[string]string{
		"half a request": "POST /ksql HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n{\"ksql\":\"" + strings.Repeat(" ", 1<<20),
		"no reading": func() string {
			body := `{"ksql":"` + strings.Repeat("SHOW PROPERTIES;", 60) + `"}`
			return fmt.Sprintf("POST /ksql HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			s, h := bounded(t, most)
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			client := func() {
				conn, err := net.Dial("tcp", s.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = conn.Close() })
				if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
					t.Fatal(err)
				}
				go func() { _, _ = conn.Write([]byte(request)) }()
			}
			for range 100 {
				client()
			}
			for end := time.Now().Add(10 * time.Second); httpapi.Held(h) < most/2; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("only %d bytes are held", httpapi.Held(h))
				}
				client() // those that come at once may all refuse each other
			}
			// What is refused takes a moment to be gone.
			for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				runtime.GC()
				runtime.ReadMemStats(&after)
				if httpapi.Held(h) > most {
					t.Fatalf("%d bytes are held", httpapi.Held(h))
				}
				n := int64(after.HeapAlloc) - int64(before.HeapAlloc)
				if n <= most+100*(256<<10) {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("%d MB of heap for 100 clients, %d held", n>>20, httpapi.Held(h))
				}
			}
			if code, got := post(t, s.URL+"/ksql", `{"ksql":"SHOW TYPES;"}`); code != 200 {
				t.Errorf("got %d %.200s", code, got)
			}
		})
	}
}

// TestLongLine refuses a row that is too long, and says so.
func TestLongLine(t *testing.T) {
	s := serve(t, true)
	s.must(kilns)
	in, out := io.Pipe()
	go func() {
		w := bufio.NewWriter(out)
		_, _ = w.WriteString(`{"target":"KILNS"}` + "\n" + `{"KILN":"a"}` + "\n" + `{"KILN":"`)
		for range 11 << 10 {
			if _, err := w.WriteString(strings.Repeat("x", 1<<10)); err != nil {
				break
			}
		}
		_, _ = w.WriteString(`"}` + "\n" + `{"KILN":"b"}` + "\n")
		_ = w.Flush()
		_ = out.Close()
	}()
	resp := s.open(t.Context(), "POST", "/inserts-stream", "", in)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	want := `{"seq":0,"status":"ok"}` + "\n" + `{"@type":"InsertError","status":"error","seq":1,"message":"A row is longer than 10 MiB","error_code":40000}` + "\n"
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v", b, err)
	}
}

// TestSilentPrint bounds what clients hold that ask for large records and never read them: less than a MiB each.
func TestSilentPrint(t *testing.T) {
	const clients = 30
	s := serve(t, false)
	s.must(`CREATE STREAM L (K INT KEY, V STRING) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	run := &store.Records{TP: store.TP{Topic: "l"}}
	value := []byte(`{"V":"` + strings.Repeat("x", 100<<10) + `"}`)
	for k := range 100 {
		run.Add(0, binary.BigEndian.AppendUint32(nil, uint32(k)), value)
	}
	if _, err := s.e.Log().Append(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	for path, member := range map[string]string{"/query-stream": "sql", "/query": "ksql"} {
		body := `{"` + member + `":"PRINT l FROM BEGINNING;"}`
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var conns []net.Conn
		for range clients {
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
			if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
		}
		for _, conn := range conns { // each answers, and then nobody reads
			if _, err := io.ReadFull(conn, make([]byte, 4<<10)); err != nil {
				t.Fatal(err)
			}
		}
		n := int64(1 << 60)
		for end := time.Now().Add(10 * time.Second); n > clients<<20 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			runtime.GC()
			runtime.ReadMemStats(&after)
			n = int64(after.HeapAlloc) - int64(before.HeapAlloc)
		}
		if n > clients<<20 {
			t.Errorf("%s: %d KB for each client", path, n/clients>>10)
		}
		for _, conn := range conns {
			conn.Close()
		}
	}
}
