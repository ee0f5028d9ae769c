// The app in the image: it answers as test/bed/app.ts does, and speaks WebSocket.
//
// Its environment is one release: COLOR, VERSION, PORT, BOOT_MS (before it listens), SLOW_MS (added to each answer),
// HEALTH (ok, bad, flap, or never: no answer at all), PUBLIC (ok, bad, or a path that fails for users alone), CRASH (exits
// with code 3 after CRASH_MS) and STOP (graceful, abrupt: in the middle of what it does, or never).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

type release struct {
	color, version, health, public string
	slow                           time.Duration
}

func main() {
	port := setting("PORT", "8080")
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		probe(port)
	}
	if setting("CRASH", "") != "" {
		time.AfterFunc(milliseconds("CRASH_MS"), func() { os.Exit(3) })
	}
	server := &http.Server{Addr: ":" + port, Handler: handler(release{
		color:   setting("COLOR", "none"),
		version: setting("VERSION", "v1"),
		health:  setting("HEALTH", "ok"),
		public:  setting("PUBLIC", "ok"),
		slow:    milliseconds("SLOW_MS"),
	})}
	stopped := stopOnSignal(server, setting("STOP", "graceful"))
	time.Sleep(milliseconds("BOOT_MS"))
	fmt.Println("listens on", port)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-stopped
}

// probe is the image's health check: it holds neither curl nor a shell.
func probe(port string) {
	response, err := (&http.Client{Timeout: 2 * time.Second}).Get("http://127.0.0.1:" + port + "/health")
	if err != nil || response.StatusCode != http.StatusOK {
		os.Exit(1)
	}
	os.Exit(0)
}

func stopOnSignal(server *http.Server, manner string) <-chan struct{} {
	stopped := make(chan struct{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		switch manner {
		case "abrupt":
			os.Exit(0)
		case "never":
			return
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
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Color", app.color)
		w.Header().Set("X-Version", app.version)
		asked, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		time.Sleep(app.slow + time.Duration(asked)*time.Millisecond)
		// The bed's nginx adds the header, so a check of the idle color does not carry it.
		isPublic := r.Header.Get("X-Forwarded-For") != ""
		switch {
		case isPublic && (app.public == "bad" || app.public == r.URL.Path):
			http.Error(w, "broken", http.StatusInternalServerError)
		case r.Method == http.MethodPost:
			_, _ = w.Write(body)
		default:
			routes.ServeHTTP(w, r)
		}
	})
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
	count, _ := strconv.Atoi(setting(name, "0"))
	return time.Duration(count) * time.Millisecond
}
