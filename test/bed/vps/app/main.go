// The app in the image: it answers as test/bed/app.ts does, and speaks WebSocket.
//
// Its environment is one release: COLOR, VERSION, ADDRESS (usually all of them), PORT, BOOT_MS (before it listens), SLOW_MS (added to each answer),
// HEALTH (ok, bad, flap, or never: no answer at all), PUBLIC (ok, bad, or a path that fails for users alone), FAIL_PERCENT (of
// all answers), CRASH (exits with code 3 after CRASH_MS), EAT_MB (of memory), STOP (graceful, abrupt: in the middle of what it
// does, or never) and DRAIN_MS (before a graceful stop it is not healthy, but serves whoever comes, and lets connections go).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

type release struct {
	color, version, health, public string
	slow                           time.Duration
	failPercent                    int
	draining                       *atomic.Bool
}

func main() {
	port := setting("PORT", "8080")
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "probe":
			probe(port)
		case "pause":
			pause()
		}
	}
	if setting("CRASH", "") != "" {
		time.AfterFunc(milliseconds("CRASH_MS"), func() { os.Exit(3) })
	}
	eaten := eat(count("EAT_MB"))
	draining := &atomic.Bool{}
	server := &http.Server{Addr: setting("ADDRESS", "") + ":" + port, Handler: handler(release{
		color:       setting("COLOR", "none"),
		version:     setting("VERSION", "v1"),
		health:      setting("HEALTH", "ok"),
		public:      setting("PUBLIC", "ok"),
		slow:        milliseconds("SLOW_MS"),
		failPercent: count("FAIL_PERCENT"),
		draining:    draining,
	})}
	stopped := stopOnSignal(server, setting("STOP", "graceful"), draining)
	time.Sleep(milliseconds("BOOT_MS"))
	fmt.Println("listens on", port)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-stopped
	runtime.KeepAlive(eaten)
}

// probe is the image's health check: it holds neither curl nor a shell.
func probe(port string) {
	response, err := (&http.Client{Timeout: 2 * time.Second}).Get("http://127.0.0.1:" + port + "/health")
	if err != nil || response.StatusCode != http.StatusOK {
		os.Exit(1)
	}
	os.Exit(0)
}

// pause holds the network of a Kubernetes pod until it is told to go.
func pause() {
	<-signals()
	os.Exit(0)
}

func signals() <-chan os.Signal {
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGTERM, syscall.SIGINT)
	return received
}

// eat writes into each page, as a page that nobody has written to costs nothing.
func eat(megabytes int) []byte {
	memory := make([]byte, megabytes<<20)
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	return memory
}

func stopOnSignal(server *http.Server, manner string, draining *atomic.Bool) <-chan struct{} {
	stopped := make(chan struct{})
	received := signals()
	go func() {
		<-received
		switch manner {
		case "abrupt":
			os.Exit(0)
		case "never":
			return
		}
		if drain := milliseconds("DRAIN_MS"); drain > 0 {
			draining.Store(true)
			time.Sleep(drain)
		}
		_ = server.Shutdown(context.Background())
		close(stopped)
	}()
	return stopped
}

func handler(app release) http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("/health", app.answerHealth)
	routes.HandleFunc("/version", app.answerVersion)
	routes.HandleFunc("/ws", talk)
	routes.HandleFunc("/", app.answer)
	host, _ := os.Hostname()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Color", app.color)
		w.Header().Set("X-Version", app.version)
		w.Header().Set("X-Host", host)
		if app.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		asked, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		time.Sleep(app.slow + time.Duration(asked)*time.Millisecond)
		switch {
		case isByUser(r) && (app.public == "bad" || app.public == r.URL.Path), rand.Intn(100) < app.failPercent:
			http.Error(w, "broken", http.StatusInternalServerError)
		case r.Method == http.MethodPost:
			_, _ = w.Write(body)
		default:
			routes.ServeHTTP(w, r)
		}
	})
}

// The bed's nginx adds the header. In a pod, a check of the idle color comes over a port-forward, from the pod itself.
func isByUser(r *http.Request) bool {
	if os.Getenv("KUBERNETES_SERVICE_HOST") == "" {
		return r.Header.Get("X-Forwarded-For") != ""
	}
	return !strings.HasPrefix(r.RemoteAddr, "127.") && !strings.HasPrefix(r.UserAgent(), "kube-probe")
}

func (app release) answer(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "%s %s\n", app.color, app.version)
}

func (app release) answerVersion(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"version": app.version, "color": app.color})
}

func (app release) answerHealth(w http.ResponseWriter, r *http.Request) {
	status := app.health
	switch {
	case status == "never":
		<-r.Context().Done()
		return
	case app.draining.Load():
		status = "draining"
	case status == "flap" && time.Now().Unix()%2 == 0:
		status = "ok"
	}
	code := http.StatusServiceUnavailable
	if status == "ok" {
		code = http.StatusOK
	}
	writeJSON(w, code, map[string]string{"status": status, "version": app.version, "color": app.color})
}

func writeJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value)
}

func setting(name, usual string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return usual
}

func milliseconds(name string) time.Duration {
	return time.Duration(count(name)) * time.Millisecond
}

func count(name string) int {
	value, _ := strconv.Atoi(setting(name, "0"))
	return value
}
