package setup

import "testing"

func TestRenamed(t *testing.T) {
	for text, want := range map[string]string{
		`{"Name":"custom","Description":"test1"}`:        `{"Name":"mine","Description":"test1"}`,
		"{ \"Description\": \"b\",\n\t\"Name\": \"a\" }": `{"Description":"b","Name":"mine"}`,
		`{"Z":[1, {"b":2, "a":1}],"A":null}`:             `{"Z":[1,{"b":2,"a":1}],"A":null,"Name":"mine"}`,
		`{"A":1,"Name":"x","A":2,"Name":7}`:              `{"A":2,"Name":"mine"}`,
		`{}`:                                             `{"Name":"mine"}`,
		``:                                               "",
		`[]`:                                             "",
		`"Name"`:                                         "",
		`null`:                                           "",
		`{"Name":"a"`:                                    "",
		`{"Name":}`:                                      "",
		`{"Name":"a",}`:                                  "",
		`{"Name":"a"} {}`:                                "",
		`{"Name":"a"}x`:                                  "",
		`{Name:"a"}`:                                     "",
		`{"Name" "a"}`:                                   "",
		`{"Name":"a" "b":"c"}`:                           "",
		`{1:2}`:                                          "",
		"{\"Name\":\"\x00\"}":                            "",
		`{"Description":"\ud8"}`:                         "",
	} {
		got, ok := renamed(text, "mine")
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q %t, want %q", text, got, ok, want)
		}
	}
}
