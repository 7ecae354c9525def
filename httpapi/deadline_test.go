package httpapi_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/httpapi"
)

// held is a writer whose deadline cannot be lifted.
type held struct {
	*httptest.ResponseRecorder
	err error
}

func (h held) SetWriteDeadline(time.Time) error { return h.err }

// TestDeadlineThatStays: where the host's deadline cannot be lifted, an answer that it would cut off is refused with
// the cause; a writer that knows no deadlines has none to lift.
func TestDeadlineThatStays(t *testing.T) {
	s := serve(t, false)
	for err, want := range map[error]int{errors.New("it stays"): 500, http.ErrNotSupported: 200} {
		w := held{httptest.NewRecorder(), err}
		httpapi.New(s.e).ServeHTTP(w, httptest.NewRequest("GET", "/info", nil))
		if w.Code != want {
			t.Errorf("%v: answered %d %s, want %d", err, w.Code, w.Body, want)
		}
	}
}
